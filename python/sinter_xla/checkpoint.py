"""Checkpoints: safetensors files that Sinter's `session.save` and `session.load` write and read."""

import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from .arrays import DTYPES, Array
from .artifact import Artifact, Tensor
from .errors import CheckpointError, listed
from .fields import Fields


@dataclass(frozen=True)
class Position:
    """Where the training of an entry stands."""

    epoch: int = 0
    """Epochs that are done."""
    step: int = 0
    """Steps of the epoch after them that are done."""
    draw: int = 0
    """Which shuffle orders its rows, from 1; 0 until one is drawn."""
    sums: str = ""
    """What the scalar outputs of those steps come to."""
    plan: str = ""
    """Outputs, rows, batches and order, in words: those with which its steps can go on."""


@dataclass(frozen=True)
class EntryPlace:
    """Steps that an entry has done, and where its training stands."""

    steps: int = 0
    position: Position = Position()


@dataclass(frozen=True)
class Place:
    """What the next step depends on, beside the states."""

    seed: int = 0
    shuffles: int = 0
    entries: Mapping[str, EntryPlace] = field(default_factory=dict)
    """Of entries that ran."""

    def of(self, entry: str) -> EntryPlace:
        """Where an entry stands."""
        return self.entries.get(entry, EntryPlace())

    def with_entry(self, entry: str, place: EntryPlace) -> "Place":
        """The same, with an entry elsewhere."""
        return replace(self, entries={**self.entries, entry: place})


def read_checkpoint(artifact: Artifact, file: str | Path) -> tuple[dict[str, Array], Place]:
    """All states of an artifact out of a file, and where its entries stand; a file that does not tell is at the start.

    Raises CheckpointError where it is not such a file, and for one of another model: with the states that are missing, those
    that the model has not, and those of another shape or type.
    """
    path = Path(file)
    try:
        path.open("rb").close()  # Errors of safe_open have the path in their texts.
        with safe_open(path, framework="numpy") as opened:
            metadata = opened.metadata() or {}
            found = {name: opened.get_tensor(name) for name in sorted(opened.keys())}
    except (OSError, SafetensorError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CheckpointError(
            f"{path}: {reason}: expected a safetensors file, as session.save gives it"
        ) from error
    states = {state.name: state for state in artifact.states}
    faults = {
        "missing": [name for name in states if name not in found],
        "unknown": [name for name in found if name not in states],
        "different": [
            f"{name} ({state}, in the file {found[name].dtype}{list(found[name].shape)})"
            for name, state in states.items()
            if name in found and not _fits(state, found[name])
        ],
    }
    if any(faults.values()):
        texts = [f"{kind}: {listed(names)}" for kind, names in faults.items() if names]
        raise CheckpointError(f"{path} is of another model than {artifact.module}: {'; '.join(texts)}")
    values = {name: found[name].astype(DTYPES[state.dtype]) for name, state in states.items()}
    return values, _place(path, metadata.get("sinter"))


def _fits(state: Tensor, array: Array) -> bool:
    # A snapshot has truth values as they lie in memory: words that are 0 or 1.
    dtypes = (DTYPES[state.dtype], np.dtype(np.uint32)) if state.dtype == "bool" else (DTYPES[state.dtype],)
    return array.dtype in dtypes and array.shape == state.shape


def _place(path: Path, text: str | None) -> Place:
    if text is None:
        return Place()
    try:
        fields = Fields(json.loads(text), f"{path}: sinter", CheckpointError)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: its text `sinter` is not JSON: {error}") from error
    entries = fields.within("entries")
    # Names of entries stand behind a dot, which keeps them apart from those that every object of JavaScript has.
    return Place(
        seed=fields.count("seed"),
        shuffles=fields.count("shuffles"),
        entries={name.removeprefix("."): _entry_place(entries.within(name)) for name in entries.names()},
    )


def _entry_place(fields: Fields) -> EntryPlace:
    position = fields.within("position")
    return EntryPlace(
        fields.count("steps"),
        Position(
            position.count("epoch"),
            position.count("step"),
            position.count("draw"),
            position.text("sums"),
            position.text("plan"),
        ),
    )


def require_place(file: str | Path) -> None:
    """Raises CheckpointError where no checkpoint can be written: the folder is not there, or may not be written to, or the
    path is that of a folder. Hours of training are not begun for a file that cannot be."""
    path = Path(file)
    if path.is_dir():
        raise CheckpointError(f"{path} is a folder: a checkpoint is a file")
    if not path.parent.is_dir():
        raise CheckpointError(f"{path}: there is no folder {path.parent} to write the checkpoint to")
    if not os.access(path.parent, os.W_OK):
        raise CheckpointError(f"{path}: the folder {path.parent} may not be written to")


def write_checkpoint(artifact: Artifact, file: str | Path, states: Mapping[str, Array], place: Place) -> None:
    """Writes a file that `session.load` goes on from: states in the order of the artifact, and the place as its text `sinter`.

    It takes the place of a file that is there when it is whole. Raises CheckpointError where it cannot be written.
    """
    header: dict[str, object] = {}
    parts: list[bytes] = []
    end = 0
    for state in artifact.states:
        # Words, as a session has them.
        dtype = np.dtype(np.uint32) if state.dtype == "bool" else DTYPES[state.dtype]
        part = np.ascontiguousarray(states[state.name].astype(dtype)).tobytes()
        header[state.name] = {
            "dtype": "U32" if state.dtype == "bool" else state.dtype.upper(),
            "shape": list(state.shape),
            "data_offsets": [end, end + len(part)],
        }
        parts.append(part)
        end += len(part)
    header["__metadata__"] = {"sinter": json.dumps(_place_fields(place))}
    # The writer of the safetensors package sorts tensors, and a session's states lie in their order.
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = Path(file)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(b"".join((struct.pack("<Q", len(text)), text, *parts)))
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise CheckpointError(f"{path}: {error.strerror}: the checkpoint is not written") from error


def _place_fields(place: Place) -> dict[str, object]:
    return {
        "seed": place.seed,
        "shuffles": place.shuffles,
        "entries": {
            f".{name}": {"steps": entry.steps, "position": vars(entry.position)}
            for name, entry in place.entries.items()
        },
    }
