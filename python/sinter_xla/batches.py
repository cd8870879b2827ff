"""How the rows of a data set fall into steps: as in Sinter's sessions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .artifact import Artifact, Entry
from .draws import permutation
from .errors import DataError, OptionError, listed


@dataclass(frozen=True)
class Batch:
    """What one step runs over: the live extent of each bounded size, and its rows, which its means weigh."""

    live: Mapping[str, int]
    weight: int


@dataclass(frozen=True)
class Batches:
    """The steps of an epoch. All but the last are alike; the last may have fewer rows."""

    steps: int
    samples: int
    first: Batch
    last: Batch
    rows: Mapping[str, int]
    """Rows of the whole data set by bounded size."""
    by_row: Mapping[str, str]
    """The bounded size of each input that is read by rows."""

    def at(self, step: int) -> Batch:
        """A step, from 0."""
        return self.first if step < self.steps - 1 else self.last

    def take(
        self, inputs: Mapping[str, Array], step: int, orders: Mapping[str, NDArray[np.int64]]
    ) -> dict[str, Array]:
        """The rows that a step reads, in an order by size; inputs that are not read by rows as they are."""
        taken: dict[str, Array] = {}
        for name, array in inputs.items():
            size = self.by_row.get(name)
            if size is None:
                taken[name] = array
                continue
            start = step * self.at(0).live[size]
            taken[name] = array[orders[size][start : start + self.at(step).live[size]]]
        return taken

    def orders(self, seed: int = 0, draw: int = 0) -> dict[str, NDArray[np.int64]]:
        """For each size the numbers of its rows: the `draw`th shuffle of a seed, from 1, or in order for 0."""
        return {
            size: permutation(seed, draw - 1, count) if draw else np.arange(count)
            for size, count in self.rows.items()
        }


def batches(
    artifact: Artifact, entry: Entry, inputs: Mapping[str, Array], sizes: Mapping[str, int] | None = None
) -> Batches:
    """Cuts a data set into batches. An entry that reads nothing by rows runs one step.

    `sizes` gives the rows of a batch where it is to have fewer than it can, and extents that no row tells.

    Raises OptionError for a size that there is not or that is too large, DataError for inputs that do not go together.
    """
    maxima = {size.name: size.max for size in artifact.sizes}
    for name, extent in (sizes or {}).items():
        if name not in maxima:
            raise OptionError(f"{artifact.module} has no size {name!r}; there are {listed(list(maxima))}")
        if not 1 <= extent <= maxima[name]:
            raise OptionError(f"the size {name!r} is {extent}: it must be from 1 to {maxima[name]}")
    live = {**maxima, **(sizes or {})}
    rest = dict(live)
    rows: dict[str, int] = {}
    by_row: dict[str, str] = {}
    for tensor in artifact.inputs:
        size = tensor.dims[0].size if tensor.dims else None
        if size is None or tensor.name not in entry.reads("input"):
            continue
        by_row[tensor.name] = size
        count = len(inputs[tensor.name])
        if rows.setdefault(size, count) != count:
            raise DataError(
                f"input {tensor.name!r} has {count} rows, and others by {size!r} have {rows[size]}"
            )
    steps, samples, weight = 1, 1, 1
    for k, (size, count) in enumerate(rows.items()):
        own = -(-count // live[size])
        if k == 0:
            steps, samples, weight = own, count, live[size]
        elif own != steps:
            raise DataError(f"rows by {size!r} make {own} batches, and those by {next(iter(rows))!r} {steps}")
        rest[size] = count - (steps - 1) * live[size]
    return Batches(
        steps, samples, Batch(live, weight), Batch(rest, samples - (steps - 1) * weight), rows, by_row
    )
