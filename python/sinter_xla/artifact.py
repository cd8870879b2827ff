"""An artifact: the folder that `sinter export --format stablehlo` writes, and its manifest as data."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Literal

from .errors import ArtifactError, listed
from .fields import Fields

FORMAT = "sinter-stablehlo"
VERSION = 1

Sharding = tuple[str | None, ...]
"""For each dimension the axis of the mesh that it is spread over; None where each device has all of it."""


@dataclass(frozen=True)
class Size:
    """A bounded size: each step says how much of it is alive, at most `max`."""

    name: str
    max: int


@dataclass(frozen=True)
class Dim:
    """A dimension: fixed, or `factor` times a bounded size, of which `extent` is the largest."""

    extent: int
    size: str | None = None
    factor: int = 1


@dataclass(frozen=True)
class Tensor:
    """An input, a state or a result by name."""

    name: str
    dims: tuple[Dim, ...]
    dtype: str
    sharding: Sharding | None = None
    below: int | None = None
    """Of an input that chooses elements, labels and tokens: its values are from 0 on, and below this."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its largest extents, which are those of the program."""
        return tuple(dim.extent for dim in self.dims)

    @property
    def elements(self) -> int:
        """How many elements it has at most."""
        return prod(self.shape)

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(str(extent) for extent in self.shape)}]"


@dataclass(frozen=True)
class Param:
    """A run-time scalar, and what it is where nobody says."""

    name: str
    dtype: str
    initial: float


Kind = Literal["state", "input", "param", "size"]


@dataclass(frozen=True)
class Argument:
    """An argument of an entry, in order."""

    kind: Kind
    name: str
    donated: bool


@dataclass(frozen=True)
class Entry:
    """A program of its own over the states: which arguments it takes, and what it gives."""

    name: str
    file: Path
    arguments: tuple[Argument, ...]
    updates: tuple[str, ...]
    """States that it gives the next values of: its first results."""
    outputs: tuple[Tensor, ...]
    """Its other results."""

    def reads(self, kind: Kind) -> tuple[str, ...]:
        """The names of its arguments of a kind."""
        return tuple(argument.name for argument in self.arguments if argument.kind == kind)


@dataclass(frozen=True)
class Artifact:
    """A module as it was exported. `axes` is its mesh: names and sizes; None where it declares none."""

    folder: Path
    module: str
    producer: str
    sizes: tuple[Size, ...]
    axes: tuple[tuple[str, int], ...] | None
    inputs: tuple[Tensor, ...]
    states: tuple[Tensor, ...]
    trainable: frozenset[str]
    params: tuple[Param, ...]
    entries: tuple[Entry, ...]
    weights: Path

    def entry(self, name: str) -> Entry:
        """An entry by name. Raises ArtifactError listing those that there are."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        there = listed([entry.name for entry in self.entries])
        raise ArtifactError(f"{self.module} has no entry {name!r}; there are {there}")


def load_artifact(folder: str | Path) -> Artifact:
    """Reads and checks the manifest of a folder.

    Raises ArtifactError where there is not one, or one of another version, or one that is inconsistent: with the file and the field.
    """
    root = Path(folder)
    path = root / "manifest.json"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ArtifactError(
            f"{path}: {reason}: expected a folder that `sinter export --format stablehlo` wrote"
        ) from error
    try:
        manifest = Fields(json.loads(text), str(path), ArtifactError)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path}: not JSON: {error}") from error
    if manifest.text("format") != FORMAT:
        manifest.fail("format", FORMAT)
    if manifest.count("version") != VERSION:
        raise ArtifactError(
            f"{path}: the artifact is of version {manifest.count('version')}, and this package reads version {VERSION}:"
            " export the module again, or install the package of the Sinter that wrote it"
        )
    return _artifact(root, manifest)


def _artifact(root: Path, manifest: Fields) -> Artifact:
    sizes = manifest.each("sizes", lambda one: Size(one.text("name"), one.count("max", 1)))
    maxima = {size.name: size.max for size in sizes}
    axes = None
    if manifest.has("mesh"):
        axes = manifest.within("mesh").each("axes", lambda one: (one.text("name"), one.count("size", 1)))
    names = frozenset(name for name, _ in axes or ())
    inputs = manifest.each("inputs", lambda one: _tensor(one, maxima, names))
    states = manifest.each("states", lambda one: _tensor(one, maxima, names))
    trainable = manifest.each("states", lambda one: one.text("name") if one.flag("trainable") else None)
    params = manifest.each(
        "params", lambda one: Param(one.text("name"), one.text("dtype"), one.number("initial"))
    )
    known: dict[Kind, set[str]] = {
        "state": {state.name for state in states},
        "input": {one.name for one in inputs},
        "param": {param.name for param in params},
        "size": {size.name for size in sizes},
    }
    state_types = {state.name: state for state in states}
    return Artifact(
        folder=root,
        module=manifest.text("module"),
        producer=manifest.text("producer"),
        sizes=sizes,
        axes=axes,
        inputs=inputs,
        states=states,
        trainable=frozenset(name for name in trainable if name is not None),
        params=params,
        entries=manifest.each("entries", lambda one: _entry(one, root, maxima, known, state_types)),
        weights=_within(root, manifest, "weights"),
    )


_DTYPES = ("f32", "i32", "u32", "bool", "u8")


def _tensor(fields: Fields, maxima: dict[str, int], axes: Iterable[str] = ()) -> Tensor:
    dims = tuple(_dim(fields, k, dim, maxima) for k, dim in enumerate(fields.items("shape")))
    sharding: Sharding | None = None
    if fields.has("sharding"):
        given = fields.items("sharding")
        sharding = tuple(axis for axis in given if axis is None or isinstance(axis, str))
        if len(sharding) != len(given) or len(sharding) != len(dims):
            fails = f"an axis or null for each of {len(dims)} dimensions"
            fields.fail("sharding", fails)
        if not set(sharding) <= {None, *axes}:
            fields.fail("sharding", f"axes of the mesh, {listed(sorted(axes))}")
    below = fields.count("below", 1) if fields.has("below") else None
    return Tensor(fields.text("name"), dims, fields.one_of("dtype", _DTYPES), sharding, below)


def _dim(fields: Fields, k: int, given: object, maxima: dict[str, int]) -> Dim:
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return Dim(given)
    dim = Fields(given, f"{fields.path}.shape[{k}]", ArtifactError)
    size = dim.one_of("size", tuple(maxima))
    factor = dim.count("factor", 1) if dim.has("factor") else 1
    return Dim(factor * maxima[size], size, factor)


def _entry(
    fields: Fields,
    root: Path,
    maxima: dict[str, int],
    known: dict[Kind, set[str]],
    states: dict[str, Tensor],
) -> Entry:
    arguments = fields.each("arguments", lambda one: _argument(one, known))
    kinds = fields.each("results", lambda one: one.one_of("kind", ("state", "output")))
    results = fields.each("results", lambda one: _tensor(one, maxima))
    count = kinds.count("state")
    if "state" in kinds[count:]:
        fields.fail("results", "states first, then outputs")
    for result in results[:count]:
        if result.name not in states or states[result.name].shape != result.shape:
            fields.fail("results", f"next values of states, and {result.name!r} is none")
    return Entry(
        name=fields.text("name"),
        file=_within(root, fields, "file"),
        arguments=arguments,
        updates=tuple(result.name for result in results[:count]),
        outputs=results[count:],
    )


def _argument(fields: Fields, known: dict[Kind, set[str]]) -> Argument:
    for kind, names in known.items():
        if fields.text("kind") == kind:
            return Argument(kind, fields.one_of("name", tuple(names)), fields.flag("donated"))
    return fields.fail("kind", f"one of {', '.join(known)}")


def _within(root: Path, fields: Fields, name: str) -> Path:
    """A file of the artifact: a name alone, so that no manifest reads elsewhere."""
    file = fields.text(name)
    if file in ("", ".", "..") or "/" in file or "\\" in file:
        fields.fail(name, "the name of a file in the folder of the artifact")
    return root / file
