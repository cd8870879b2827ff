"""Evaluation: an entry over all rows of a data set, in order, each once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .arrays import Array
from .artifact import Entry
from .batches import batches
from .checkpoint import Place
from .data import inputs_for
from .program import Program, host, scalars
from .tally import Tally


@dataclass(frozen=True)
class Evaluation:
    """What the outputs of an entry come to over a data set."""

    samples: int
    scalars: Mapping[str, float]
    """Floats as means over rows, integers and truth values as sums."""
    arrays: Mapping[str, Array]
    """Outputs by rows, one after the other; others as scalars are."""


def evaluate(
    program: Program,
    entry: Entry,
    data: Mapping[str, Array],
    place: Place,
    sizes: Mapping[str, int] | None = None,
    params: Mapping[str, float] | None = None,
    on_step: Callable[[int, int], None] = lambda done, steps: None,
) -> Evaluation:
    """Runs an entry over all rows. `on_step` is told how many steps are done, of how many. Updates that the entry has are made.

    Raises DataError and OptionError for what it is given.
    """
    inputs = inputs_for(program.artifact, entry, data)
    cuts = batches(program.artifact, entry, inputs, sizes)
    values = scalars(program.artifact, params or {})
    tally = Tally(entry.outputs)
    orders = cuts.orders()
    before = place.of(entry.name).steps
    for k in range(cuts.steps):
        batch = cuts.at(k)
        step = program.step(entry, cuts.take(inputs, k, orders), batch.live, values, before + k + 1)
        tally.add([host(output) for output in step.outputs], batch)
        on_step(k + 1, cuts.steps)
    return Evaluation(cuts.samples, tally.scalars(), tally.arrays())
