"""Every tunable of the toolkit, once: its name, default, unit, meaning and source.

Each dataclass is one subject. From it come the command line (cli.options), the configuration files
(`--name=value`), the JSON beside a model (dataclasses.asdict) and the tests.
"""

from diarkit.options.activity import (
    DetectorOptions,
    KaldiSegmentOptions,
    MergeVadsOptions,
    ScoreVadOptions,
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
from diarkit.options.tables import (
    CopyFeatsOptions,
    CopyMatrixOptions,
    CopyOptions,
    CopyVectorOptions,
    FilterOptions,
    ShowTableOptions,
    SplitListOptions,
    SubsetFeatsOptions,
    SubsetListOptions,
)
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
from diarkit.options.waves import ExtractSegmentsOptions, FeatureTableOptions, WavToDurationOptions
from diarkit.options.windows import SubsegmentFileOptions, SubsegmentOptions

__all__ = [
    "AhcOptions",
    "ChangeOptions",
    "CmvnOptions",
    "CmvnStatsOptions",
    "CombineOptions",
    "CopyFeatsOptions",
    "CopyMatrixOptions",
    "CopyOptions",
    "CopyVectorOptions",
    "CosineOptions",
    "DeltaOptions",
    "DerOptions",
    "DetectorOptions",
    "DiarizeOptions",
    "DurationOptions",
    "ExtractSegmentsOptions",
    "FbankOptions",
    "FeatureSegmentOptions",
    "FeatureTableOptions",
    "FilterOptions",
    "FixOptions",
    "FrameOptions",
    "InputOptions",
    "KaldiSegmentOptions",
    "MakeRttmOptions",
    "MergeVadsOptions",
    "MfccOptions",
    "PlotOptions",
    "PretrainedOptions",
    "ScoreVadOptions",
    "SegmentOptions",
    "SegmentRuleOptions",
    "ShowTableOptions",
    "SlidingCmvnOptions",
    "SpliceOptions",
    "SplitListOptions",
    "SplitOptions",
    "SubsampleOptions",
    "SubsegmentFileOptions",
    "SubsegmentOptions",
    "SubsetFeatsOptions",
    "SubsetListOptions",
    "SubsetOptions",
    "TurnSegmentOptions",
    "VadFrontEndOptions",
    "VadNetworkOptions",
    "VadOptions",
    "VadTrainingOptions",
    "ValidateOptions",
    "WavToDurationOptions",
    "XvectorOptions",
    "from_mapping",
    "tunable",
]
