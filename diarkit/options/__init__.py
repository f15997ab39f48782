"""Every tunable of the toolkit, once: its name, default, unit, meaning and source.

Each dataclass is one subject. From it come the command line (cli.options), the configuration files
(`--name=value`), the JSON beside a model (dataclasses.asdict) and the tests.
"""

from diarkit.options.activity import (
    DetectorOptions,
    KaldiSegmentOptions,
    SegmentOptions,
    SegmentRuleOptions,
    VadFrontEndOptions,
    VadNetworkOptions,
    VadOptions,
    VadTrainingOptions,
)
from diarkit.options.changes import ChangeOptions
from diarkit.options.clustering import AhcOptions, CosineOptions
from diarkit.options.datadirs import (
    CombineOptions,
    DurationOptions,
    FixOptions,
    SplitOptions,
    SubsetOptions,
    TurnSegmentOptions,
    ValidateOptions,
)
from diarkit.options.embeddings import DiarizeOptions, PretrainedOptions, XvectorOptions
from diarkit.options.features import FbankOptions, FrameOptions, InputOptions, MfccOptions
from diarkit.options.scoring import DerOptions, MakeRttmOptions, PlotOptions
from diarkit.options.tables import ShowTableOptions
from diarkit.options.transforms import (
    CmvnOptions,
    CmvnStatsOptions,
    DeltaOptions,
    FeatureSegmentOptions,
    SlidingCmvnOptions,
    SpliceOptions,
    SubsampleOptions,
)
from diarkit.options.tunables import from_mapping, tunable
from diarkit.options.windows import SubsegmentFileOptions, SubsegmentOptions

__all__ = [
    "AhcOptions",
    "ChangeOptions",
    "CmvnOptions",
    "CmvnStatsOptions",
    "CombineOptions",
    "CosineOptions",
    "DeltaOptions",
    "DerOptions",
    "DetectorOptions",
    "DiarizeOptions",
    "DurationOptions",
    "FbankOptions",
    "FeatureSegmentOptions",
    "FixOptions",
    "FrameOptions",
    "InputOptions",
    "KaldiSegmentOptions",
    "MakeRttmOptions",
    "MfccOptions",
    "PlotOptions",
    "PretrainedOptions",
    "SegmentOptions",
    "SegmentRuleOptions",
    "ShowTableOptions",
    "SlidingCmvnOptions",
    "SpliceOptions",
    "SplitOptions",
    "SubsampleOptions",
    "SubsegmentFileOptions",
    "SubsegmentOptions",
    "SubsetOptions",
    "TurnSegmentOptions",
    "VadFrontEndOptions",
    "VadNetworkOptions",
    "VadOptions",
    "VadTrainingOptions",
    "ValidateOptions",
    "XvectorOptions",
    "from_mapping",
    "tunable",
]
