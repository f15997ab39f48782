"""Networks in ONNX files that make an embedding of frames, run by onnxruntime on the CPU.

As WeSpeaker (wespeaker/bin/export_onnx.py: feats (B, T, F) -> embs (B, D)) and VBx (BUTSpeechFIT/VBx, predict.py:
(B, F, T) -> (B, D)) export them. Nothing of a file is executed but the operators that onnxruntime knows.
"""

import os

import numpy as np

from diarkit.errors import DataError

KIND = "onnx"
LAYOUTS = ("time-first", "features-first")
EXTERNAL = b"\x0a\x08location\x12"  # the key of an entry of TensorProto.external_data, and what its value begins with
TRIED = 200  # frames of the input that an imported network is tried on
MODEL_FAULTS = ("InvalidProtobuf", "InvalidGraph", "NoModel", "Fail", "NotImplemented", "InvalidArgument",
                "RuntimeException", "NoSuchFile", "NotFound", "EPFail", "EngineError")
SAID = 200  # characters of what onnxruntime says


class OnnxNetwork:
    """An ONNX network: run(frames) is (B, T, F) -> (B, D) float32.

    content : the bytes of the file
    layout : one of LAYOUTS, of what the network takes
    input_dim : F, numbers a frame

    frames : the number of frames that it takes; 0: any
    one : whether it takes no batches
    embedding_dim : D
    Raises DataError, in one line, for what cannot be run.
    """

    def __init__(self, content, layout, input_dim):
        self.session = open_session(content)
        self.layout, self.input_dim = layout, input_dim
        self.input = the_input(self.session)
        shape = self.input.shape
        batch, time, features = shape if layout == "time-first" else (shape[0], shape[2], shape[1])
        if isinstance(features, int) and features != input_dim:
            raise DataError(f"the network takes {features} numbers a frame, and the front end gives {input_dim}")
        if isinstance(batch, int) and batch != 1:
            raise DataError(f"the network takes batches of {batch} windows alone: 1, or any number, is wanted")
        self.frames = time if isinstance(time, int) else 0
        self.one = isinstance(batch, int)
        tried = np.random.default_rng(0).normal(size=(2, self.frames or TRIED, input_dim)).astype(np.float32)
        self.embedding_dim = 0
        self.embedding_dim = self.run(tried).shape[1]

    def run(self, frames):
        """(B, T, F) array or tensor of float32 -> (B, D) float32; raises DataError."""
        frames = np.asarray(frames, np.float32)
        if self.one:
            return np.concatenate([self.run_batch(frames[i : i + 1]) for i in range(len(frames))])
        return self.run_batch(frames)

    def run_batch(self, frames):
        x = frames if self.layout == "time-first" else np.ascontiguousarray(frames.transpose(0, 2, 1))
        found = told(self.session.run, [self.session.get_outputs()[0].name], {self.input.name: x})[0]
        if not isinstance(found, np.ndarray) or found.dtype.kind != "f":
            raise DataError("the network gives no numbers with decimals")
        sizes = found.shape[1:] if found.ndim > 1 or len(frames) > 1 else found.shape
        if not found.size or found.size != len(frames) * max(sizes, default=0):
            raise DataError(f"the network gives an array of {'x'.join(map(str, found.shape))} for {len(frames)} "
                            "windows, not a vector each")
        found = found.reshape(len(frames), -1).astype(np.float32, copy=False)
        if self.embedding_dim and found.shape[1] != self.embedding_dim:
            raise DataError(f"the network gives {found.shape[1]} numbers, and before {self.embedding_dim}")
        if not np.isfinite(found).all():
            raise DataError("the network gives NaN or infinity")
        return found


def open_session(content):
    """onnxruntime's session of a file's bytes, on one thread; raises DataError."""
    import onnxruntime

    if EXTERNAL in content:
        raise DataError("its weights lie in other files (external data); one file is wanted, such as onnx.save makes "
                        "of it after onnx.load")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Written otherwise than onnx does they are not seen above: then they are looked for where nothing can be.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", os.devnull)
    return told(onnxruntime.InferenceSession, content, options, providers=["CPUExecutionProvider"])


def told(function, *args, **kwargs):
    """Call a function of onnxruntime, its failures made one line each."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        if type(error).__name__ not in MODEL_FAULTS and not isinstance(error, ValueError | IndexError | RuntimeError):
            raise
        text = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"onnxruntime cannot run it: {text[:SAID]}") from None


def the_input(session):
    """The one input of a session, of float32 and three dimensions; raises DataError."""
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise DataError(f"the network has {len(inputs)} inputs ({', '.join(each.name for each in inputs)[:SAID]}), and "
                        "one of frames is wanted")
    if inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 3:
        raise DataError(f"the input {inputs[0].name} is {inputs[0].type} of {len(inputs[0].shape)} dimensions, and "
                        "frames are float of (windows, time, features)")
    return inputs[0]


def find_layout(content, input_dim):
    """The layout in which a network takes frames of so many numbers, by its fixed dimensions or by trying.

    Raises DataError if neither or both would do.
    """
    shape = the_input(open_session(content)).shape
    possible = [layout for layout, size in zip(LAYOUTS, (shape[2], shape[1]), strict=True) if size == input_dim]
    if not possible and not any(isinstance(size, int) for size in shape[1:]):
        possible = list(LAYOUTS)
    # Not where the one fixed dimension is another: that is more likely features of another front end than of time.
    works, why = [], None
    for layout in possible:
        try:
            OnnxNetwork(content, layout, input_dim)
            works.append(layout)
        except DataError as error:
            why = why or error
    if len(works) > 1:
        raise DataError(f"frames could be time first or features first: say which by --layout={LAYOUTS[0]} or "
                        f"{LAYOUTS[1]}")
    if not works:
        raise why or DataError(f"its input is {'x'.join(map(str, shape))}, and the front end gives {input_dim} numbers "
                               "a frame")
    return works[0]
