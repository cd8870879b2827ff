"""The training loop: an entry over all rows of a data set, epoch by epoch, from wherever its training stands."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from .arrays import Array
from .artifact import Entry
from .batches import Batches, batches
from .checkpoint import Place, Position
from .data import inputs_for
from .errors import OptionError, TrainingError, listed
from .program import Program, Step, host, scalars
from .tally import Tally

AHEAD = 16
"""Steps that are under way at once: outputs are fetched that many steps later, so that devices do not wait for the host."""


@dataclass(frozen=True)
class Report:
    """What a step gave, and where training stands after it."""

    epoch: int
    """The epoch that the step belongs to, from 1."""
    step: int
    """Steps of that epoch that are done."""
    steps: int
    """Steps of an epoch."""
    number: int
    """The step's number among all of the entry, from 1."""
    scalars: Mapping[str, float]
    """Scalar outputs of the step."""
    means: Mapping[str, float]
    """Those of the epoch so far: floats as means over rows, integers as sums."""
    samples: int
    """Rows of the data set."""
    place: Place
    """Where training stands after the step, whose states may be further ahead."""
    seconds: float
    """Those of the epoch so far, without what ran before it was resumed."""

    @property
    def ends_epoch(self) -> bool:
        """Whether it is the last step of its epoch."""
        return self.step == self.steps


@dataclass(frozen=True)
class Course:
    """How long and how an entry is trained."""

    entry: Entry
    epochs: int | None = None
    """Epochs in all, those that are done already included."""
    steps: int | None = None
    """Steps from here on; whichever comes first."""
    shuffle: bool = True
    sizes: Mapping[str, int] | None = None
    params: Mapping[str, float] | None = None
    save_every: int | None = None
    """Steps from one call of `on_save` to the next."""


def train(
    program: Program,
    course: Course,
    data: Mapping[str, Array],
    place: Place,
    on_step: Callable[[Report], bool] = lambda _: True,
    on_save: Callable[[Place], None] = lambda _: None,
) -> Place:
    """Trains, and gives where training stands then; `on_step` is called with every step in order, and stops it with False.
    `on_save` is called where the states of the program are those of the place that it is given.

    Rows are shuffled as a session of Sinter shuffles them by the seed of `place`, so that either goes on where the other
    stopped. Raises TrainingError where a scalar output is NaN, and where `place` is in the middle of an epoch of other
    batches; OptionError for an entry that updates no state; DataError and OptionError for what it is given.
    """
    if not course.entry.updates:
        trained = listed([entry.name for entry in program.artifact.entries if entry.updates])
        raise OptionError(
            f"the entry {course.entry.name!r} updates no state, and cannot be trained; those that do: {trained}"
        )
    inputs = inputs_for(program.artifact, course.entry, data)
    cuts = batches(program.artifact, course.entry, inputs, course.sizes)
    params = scalars(program.artifact, course.params or {})
    outputs = [output for output in course.entry.outputs if not output.dims]
    begin = time.monotonic()
    waiting: deque[tuple[Step, Place]] = deque()
    tally: Tally | None = None
    done = place

    def report(step: Step, after: Place) -> bool:
        """Takes the outputs of a step. Gives whether to go on."""
        nonlocal tally, done, begin
        position = after.of(course.entry.name).position
        at = position.step
        before = done.of(course.entry.name).position
        if tally is None or at == 1:
            tally = Tally(outputs, (at - 1) * cuts.at(0).weight, before.sums if at > 1 else "")
        values = {
            output.name: host(value)
            for output, value in zip(course.entry.outputs, step.outputs, strict=True)
            if not output.dims
        }
        nan = tally.add([values[output.name] for output in outputs], cuts.at(at - 1))
        done = _ended(after, course.entry, cuts, tally.sums())
        told = Report(
            epoch=position.epoch + 1,
            step=at,
            steps=cuts.steps,
            number=after.of(course.entry.name).steps,
            scalars={name: float(value) for name, value in values.items()},
            means=tally.scalars(),
            samples=cuts.samples,
            place=done,
            seconds=time.monotonic() - begin,
        )
        if told.ends_epoch:
            begin = time.monotonic()
        if nan is not None:
            raise TrainingError(
                f"{course.entry.name}: {nan} is NaN in step {at} of epoch {position.epoch + 1}: a smaller learning rate,"
                " or data without what is not a number, may help"
            )
        return on_step(told)

    goes_on = True
    for step, after in _steps(program, course, inputs, cuts, params, place):
        waiting.append((step, after))
        is_due = course.save_every is not None and after.of(course.entry.name).steps % course.save_every == 0
        while waiting and (is_due or len(waiting) > AHEAD):
            goes_on = report(*waiting.popleft()) and goes_on
        if is_due:
            on_save(done)
        if not goes_on:
            break
    # Steps that are under way have changed the states: they count, whoever asks to stop.
    while waiting:
        report(*waiting.popleft())
    return done


def _steps(
    program: Program,
    course: Course,
    inputs: Mapping[str, Array],
    cuts: Batches,
    params: Mapping[str, float],
    place: Place,
) -> Iterator[tuple[Step, Place]]:
    """Runs step after step, and gives each with the place after it, as the next one is asked for."""
    name = course.entry.name
    shuffled = ", shuffled" if course.shuffle else ""
    outputs = ",".join(output.name for output in course.entry.outputs)
    # The words of a session: what was begun there goes on here, and the other way round.
    plan = f"{cuts.samples} rows by {cuts.at(0).weight}{shuffled}, for {outputs}"
    position = place.of(name).position
    if position.step and (position.plan != plan or position.step > cuts.steps):
        raise OptionError(f"{name}: to go on in an epoch needs {position.plan}; found {plan}")
    number = place.of(name).steps
    last = None if course.steps is None else number + course.steps
    while course.epochs is None or position.epoch < course.epochs:
        if last is not None and number >= last:
            return
        if course.shuffle and not position.draw:
            place = replace(place, shuffles=place.shuffles + 1)
            position = replace(position, draw=place.shuffles)
        position = replace(position, plan=plan, draw=position.draw if course.shuffle else 0)
        orders = cuts.orders(place.seed, position.draw)
        while position.step < cuts.steps:
            if last is not None and number >= last:
                return
            number += 1
            step = program.step(
                course.entry,
                cuts.take(inputs, position.step, orders),
                cuts.at(position.step).live,
                params,
                number,
            )
            position = replace(position, step=position.step + 1)
            place = place.with_entry(name, replace(place.of(name), steps=number, position=position))
            yield step, place
        position = Position(epoch=position.epoch + 1, plan=plan)


def _ended(place: Place, entry: Entry, cuts: Batches, sums: str) -> Place:
    """A place with the sums of its epoch; at the end of one it stands before the next."""
    at = place.of(entry.name)
    position = replace(at.position, sums=sums)
    if position.step == cuts.steps:
        position = Position(epoch=position.epoch + 1, plan=position.plan)
    return place.with_entry(entry.name, replace(at, position=position))
