"""What can go wrong, a class for each thing that a person would look at."""

from collections.abc import Sequence


class SinterXlaError(Exception):
    """Says what is wrong, where, and what would be right."""


class ArtifactError(SinterXlaError):
    """A folder that is not an artifact, or one of another version."""


class MeshError(SinterXlaError):
    """Devices that are not there, or a mesh that does not divide what it spreads."""


class DataError(SinterXlaError):
    """Arrays that an entry cannot read."""


class CheckpointError(SinterXlaError):
    """A file that is not a checkpoint, or one of another model."""


class OptionError(SinterXlaError):
    """An option that there is not, or that cannot have such a value."""


class TrainingError(SinterXlaError):
    """A training that cannot go on."""


def listed(names: Sequence[str]) -> str:
    """Names as a message lists them; of many the first eight."""
    shown = ", ".join(names[:8])
    return f"{shown}, … ({len(names)} in all)" if len(names) > 8 else shown or "none"
