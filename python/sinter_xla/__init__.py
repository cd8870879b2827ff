"""Trains and evaluates models that Sinter exported as StableHLO, by XLA, on one device or many."""

from .artifact import Artifact, load_artifact
from .errors import (
    ArtifactError,
    CheckpointError,
    DataError,
    MeshError,
    OptionError,
    SinterXlaError,
    TrainingError,
)
from .evaluate import evaluate
from .program import Program
from .train import train

__all__ = [
    "Artifact",
    "ArtifactError",
    "CheckpointError",
    "DataError",
    "MeshError",
    "OptionError",
    "Program",
    "SinterXlaError",
    "TrainingError",
    "evaluate",
    "load_artifact",
    "train",
]
