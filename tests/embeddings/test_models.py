"""Embedders from the description and the weights of a model, and the options of a run."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from diarkit import signals
from diarkit.embeddings.campplus import CamPlusPlus
from diarkit.embeddings.embedders import GE2EEmbedder, StatisticsEmbedder
from diarkit.embeddings.frontend import CMN, FrontEnd
from diarkit.embeddings.ge2e import GE2E
from diarkit.embeddings.models import make_embedder, running
from diarkit.embeddings.spans import Cutter, averaged
from diarkit.embeddings.xvector import make_network
from diarkit.errors import DataError, UsageError
from diarkit.options.embeddings import ExtractionOptions, XvectorOptions

FBANK = {"features": "fbank", "options": {"num_mel_bins": 16, "snip_edges": False}}
NETWORKS = {
    "tdnn": {"frame_layers": [[[-2, -1, 0, 1, 2], 16], [[-2, 0, 2], 24]], "segment_dims": [10, 10]},
    "resnet34": {"channels": 2, "blocks": [1, 1], "embedding_dim": 7},
    "campplus": {"embedding_dim": 9, "head_channels": 2, "channels": 8, "blocks": [[2, 1], [1, 2]], "growth": 4,
                 "bottleneck": 8},
}
WINDOWS = [(0, 1.5), (2.03, 2.9), (0.75, 2.25), (1, 1.05), (3.9, 4), (0, None), (1.5, 3)]


def model_of(kind, **changes):
    description = {"kind": "xvector", "network": {"type": kind, **NETWORKS[kind]}, "front_end": FBANK, **changes}
    torch.manual_seed(0)
    network = make_network(description)
    for module in network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.3, 2)
    weights = {name: value.numpy() for name, value in network.state_dict().items() if "num_batch" not in name}
    return SimpleNamespace(kind="xvector", description=description, weights=weights, folder="folder"), network.eval()


@pytest.fixture(scope="module")
def signal():
    rng = np.random.default_rng(0)
    return signals.of_array(np.repeat(rng.uniform(10, 3000, 16), 4000) * rng.normal(size=64000), 16000)


def far(found, expected):
    return (np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)).max()


@pytest.mark.parametrize("cmn", CMN)
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_trained_model_is_its_front_end_and_its_network(signal, kind, cmn):
    model, network = model_of(kind, front_end={**FBANK, "cmn": cmn, "cmn_window": 40})
    front_end = FrontEnd(model.description["front_end"])
    whole = front_end.whole(signal)
    extraction = ExtractionOptions(chunk_size=200)
    cutter = Cutter(step=1 if kind == "tdnn" else 10, chunk=200)
    found = cutter.cut(WINDOWS, len(whole))
    with torch.inference_mode():
        rows = [network(torch.from_numpy(front_end.window(whole[span.frames()]))[None])[0].numpy() for span in found]
    expected = averaged(np.array(rows), found, len(WINDOWS))
    embedder = make_embedder(model, XvectorOptions(threads=1), extraction)
    assert embedder.sample_frequency == 16000
    vectors = embedder.embed(signal, WINDOWS)
    assert vectors.shape == (len(WINDOWS), network.embedding_dim) and far(vectors, expected) < 1e-5
    # of any number of threads, in any batches, beside any other recordings, and given as features
    assert np.array_equal(make_embedder(model, XvectorOptions(threads=2), extraction).embed(signal, WINDOWS), vectors)
    for size in (1, 3, 100):
        shared = ExtractionOptions(chunk_size=200, share_batches=True)
        other = make_embedder(model, XvectorOptions(threads=1, batch_size=size), shared)
        jobs = list(other.embed_all([(key, signal, windows) for key, windows in enumerate((WINDOWS[:3], WINDOWS))]))
        assert far(jobs[0][1].result(), vectors[:3]) < 1e-5 and far(jobs[1][1].result(), vectors) < 1e-5
    features = make_embedder(model, None, ExtractionOptions(chunk_size=200, features=True))
    assert features.sample_frequency is None and far(features.embed(whole, WINDOWS), vectors) < 1e-5


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
def test_precisions(signal, kind, precision):
    model, _ = model_of(kind)
    expected = make_embedder(model, XvectorOptions(threads=1)).embed(signal, WINDOWS)
    opts = XvectorOptions(threads=1, precision=precision)
    if precision == "int8" and kind != "tdnn":
        with pytest.raises(UsageError, match="--precision=int8 is for TDNNs, and the network is a (ResNet34|CAM)"):
            make_embedder(model, opts)
        return
    found = make_embedder(model, opts).embed(signal, WINDOWS)
    assert found.dtype == np.float32 and 1e-5 < far(found, expected) < 0.3


def test_published_campplus_in_bfloat16(signal, toy_network):
    weights = {name: value.numpy() for name, value in toy_network.state_dict().items() if "num_batch" not in name}
    model = SimpleNamespace(kind="campplus", weights=weights, folder="folder",
                            description={"front_end": {"num_mel_bins": 80, "snip_edges": False}})
    expected = make_embedder(model).embed(signal, WINDOWS[:3])
    found = make_embedder(model, XvectorOptions(precision="bfloat16")).embed(signal, WINDOWS[:3])
    assert 1e-5 < far(found, expected) < 0.3


def test_devices_that_are_not_there():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    model, _ = model_of("tdnn")
    with pytest.raises(UsageError, match="--device=cuda: there is no such device here"):
        make_embedder(model, XvectorOptions(device="cuda"))
    assert make_embedder(model, XvectorOptions(device="auto")).running.device == "cpu"


def test_windows_of_a_front_end_of_other_frames(signal):
    """Of a model whose frames lie 12.5 ms apart, a window is the same seconds as of any other."""
    front_end = {**FBANK, "options": {**FBANK["options"], "frame_shift": 12.5}}
    for kind in NETWORKS:
        model, network = model_of(kind, front_end=front_end)
        whole = FrontEnd(front_end).whole(signal)
        with torch.inference_mode():
            expected = network(torch.from_numpy(whole[None, 80:160])).numpy()
        assert far(make_embedder(model).embed(signal, [(1, 2)]), expected) < 1e-5


def test_chunks_that_are_shorter_than_the_network_takes(signal):
    model, network = model_of("tdnn")
    with pytest.raises(UsageError, match="--min-chunk-size=8: the network looks at 9 frames"):
        make_embedder(model, None, ExtractionOptions(min_chunk_size=8))
    assert make_embedder(model, None, ExtractionOptions(min_chunk_size=9)).embed(signal, [(1, 1.02)]).shape == (1, 10)
    for kind in NETWORKS:
        with pytest.raises(UsageError, match="--chunk-size=15 is less than the 20 frames of the shortest chunk"):
            make_embedder(model_of(kind)[0], None, ExtractionOptions(chunk_size=15, pad_input=False))


def test_a_gpu_shares_batches_and_has_no_int8(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    found = running(XvectorOptions(device="auto"), ExtractionOptions())
    assert found.device == "cuda" and found.shared and found.batch_size > 8
    assert not running(XvectorOptions(device="cuda"), ExtractionOptions(share_batches=False)).shared
    with pytest.raises(UsageError, match="--precision=int8 is for --device=cpu, not cuda"):
        running(XvectorOptions(device="auto", precision="int8"), ExtractionOptions())


def test_options_that_cannot_be():
    for cls, options, message in ((XvectorOptions, {"batch_size": -1}, "--batch-size must not be negative"),
                                  (XvectorOptions, {"threads": -1}, "--threads must not"),
                                  (ExtractionOptions, {"min_chunk_size": -1}, "--min-chunk-size must not"),
                                  (ExtractionOptions, {"min_chunk_size": 6, "chunk_size": 5}, "is less than --min-")):
        with pytest.raises(UsageError, match=message):
            cls(**options)


@pytest.mark.parametrize("change, message", [
    ({"front_end": {**FBANK, "features": "plp"}}, "folder: a front end has features"),
    ({"front_end": None}, "folder: neither a front end nor an input_dim"),
    ({"front_end": None, "input_dim": "5"}, "folder: .*whole numbers"),
    ({"front_end": {**FBANK, "options": {"num_mel_bins": 17, "snip_edges": False}}}, r"folder: frames.0.0.weight is "),
    ({"front_end": None, "input_dim": 17}, r"folder: frames.0.0.weight is \(16, 16, 5\), not \(16, 17, 5\)"),
    ({"network": {"type": "lstm"}}, "folder: a network is of type"),
    ({"network": {"type": "tdnn"}}, "folder: weights of another network"),
    ({"embedding_dim": 11}, "folder: embedding_dim is 11"),
    ({"network": {"type": "tdnn", "frame_layers": [[[0], -8]], "segment_dims": [9]}}, "folder: no tdnn can be made"),
])
def test_descriptions_that_do_not_fit(change, message):
    model, _ = model_of("tdnn")
    model.description.update(change)
    with pytest.raises(DataError, match=message):
        make_embedder(model)


def test_models_that_do_not_fit():
    def model(kind, weights, **description):
        return SimpleNamespace(kind=kind, description={"kind": kind, **description}, weights=weights, folder="folder")

    weights = {name: value.numpy() for name, value in GE2E().state_dict().items()}
    assert isinstance(make_embedder(model("ge2e", weights)), GE2EEmbedder)
    assert isinstance(make_embedder(), StatisticsEmbedder)
    broken = dict(weights)
    del broken["linear.bias"]
    nan = {**weights, "linear.bias": np.full(256, np.nan, np.float32)}
    wide = {**weights, "linear.bias": np.zeros(255, np.float32)}
    front_end = dict(front_end={"num_mel_bins": 80, "snip_edges": False})
    for bad, message in (
        (model("silero-vad", weights), "folder: a model of kind silero-vad makes no embeddings"),
        (model("ge2e", broken), "folder: weights of another network: linear.bias"),
        (model("ge2e", nan), "folder: linear.bias has NaN"),
        (model("ge2e", wide), r"folder: linear.bias is \(255,\), not \(256,\)"),
        (model("ge2e", b"onnx"), "folder: "),
        (model("campplus", weights, **front_end), "folder: weights of another network"),
        (model("campplus", weights), "folder: .*front_end"),
        (model("campplus", weights, front_end={"mels": 80}), "folder: .*no mels"),
        (model("campplus", weights, front_end=[80]), "folder: "),
        (model("campplus", weights, front_end={"num_mel_bins": "80"}), "folder: "),
    ):
        with pytest.raises(DataError, match=message):
            make_embedder(bad)


def test_a_front_end_that_the_network_does_not_fit():
    weights = {name: value.numpy() for name, value in CamPlusPlus().state_dict().items()
               if not name.endswith("num_batches_tracked")}
    wrong = SimpleNamespace(kind="campplus", weights=weights, folder="folder",
                            description={"front_end": {"num_mel_bins": 40, "snip_edges": False}})
    with pytest.raises(DataError, match="folder: .*mel"):
        make_embedder(wrong)
