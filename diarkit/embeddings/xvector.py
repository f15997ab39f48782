"""Models of kind "xvector": the networks that train-xvector trains and import-nnet3 reads, and what describes them.

model.json of such a model:

    {"kind": "xvector",
     "network": {"type": "tdnn" | "resnet10" | "resnet18" | "resnet34" | "campplus", arguments of its class ...},
     "front_end": {...}, see diarkit.embeddings.frontend; or, of a model that takes features, "input_dim": 23,
     "embedding_dim": 512,
     "training": {every option ...}, "speakers": 200, "source": "...", "licence": "..."}

Every network takes (B, T, input_dim) frames as the front end gives them and gives (B, embedding_dim); both numbers are
attributes of it. Tdnn can also be run over a recording once and pooled over windows (run_frames, embed).
"""

from functools import partial

from diarkit.embeddings.campplus import CamPlusPlus
from diarkit.embeddings.frontend import FrontEnd
from diarkit.embeddings.resnet import ResNet34
from diarkit.embeddings.tdnn import Tdnn
from diarkit.errors import DataError

KIND = "xvector"
NETWORKS = {"tdnn": Tdnn, "resnet10": partial(ResNet34, blocks=(1, 1, 1, 1)),
            "resnet18": partial(ResNet34, blocks=(2, 2, 2, 2)), "resnet34": ResNet34, "campplus": CamPlusPlus}
LARGEST = 1 << 16  # of any number in the description of a network: what says more is no network but a mistake


def make_front_end(description):
    """The FrontEnd of a model; raises DataError if the description has none that can be."""
    return FrontEnd(description.get("front_end"))


def make_network(description):
    """The network of a model's description, of random weights; raises DataError if it does not describe one."""
    arguments = description.get("network")
    arguments = dict(arguments) if isinstance(arguments, dict) else {}
    kind = arguments.pop("type", None)
    if kind not in NETWORKS:
        raise DataError(f"a network is of type {' or '.join(NETWORKS)}, not {kind}")
    check_numbers(arguments)
    input_dim = make_front_end(description).dim if description.get("front_end") else description.get("input_dim", 0)
    check_numbers(input_dim)
    if not input_dim > 0:
        raise DataError("neither a front end nor an input_dim, the numbers a frame that the network takes")
    try:
        network = NETWORKS[kind](input_dim, **arguments)
    except (TypeError, ValueError, IndexError, AttributeError, RuntimeError) as error:
        raise DataError(f"no {kind} can be made of this description: {str(error).splitlines()[0]}") from None
    network.input_dim = input_dim
    if description.get("embedding_dim", network.embedding_dim) != network.embedding_dim:
        raise DataError(f"embedding_dim is {description['embedding_dim']}, the network's {network.embedding_dim}")
    return network


def check_numbers(value):
    """Raise DataError unless all that is in a description of a network are small whole numbers."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            check_numbers(item)
    elif not isinstance(value, int) or abs(value) > LARGEST:
        raise DataError(f"a network is described by whole numbers up to {LARGEST}, not by {value!r}")
