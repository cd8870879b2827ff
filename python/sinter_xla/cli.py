"""The command line: `python -m sinter_xla train DIR --data FILES --mesh data=8`."""

import argparse
import signal
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

import jax
import numpy as np
from safetensors.numpy import save_file

from .arrays import Array
from .artifact import Artifact, Tensor, load_artifact
from .checkpoint import Place, read_checkpoint, require_place, write_checkpoint
from .data import load_data
from .errors import DataError, OptionError, SinterXlaError
from .evaluate import evaluate
from .mesh import placement
from .options import named, parsed
from .program import Program
from .progress import Bar, scalars_text
from .train import Course, Report, train


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command, and gives the exit code: 0, 1 for what could not be done, 130 where it was interrupted."""
    options = parsed(argv)
    try:
        artifact = load_artifact(options.artifact)
        _join(options)
        match options.command:
            case "info":
                return _info(artifact, options)
            case "train":
                return _train(artifact, options)
            case _:
                return _evaluate(artifact, options)
    except SinterXlaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _join(options: argparse.Namespace) -> None:
    """Makes this process one of several, where it is."""
    given = (options.coordinator, options.processes, options.process)
    if all(one is None for one in given):
        return
    if any(one is None for one in given):
        raise OptionError(
            "several processes need all of --coordinator HOST:PORT, --processes N and --process K"
        )
    if options.process >= options.processes:
        raise OptionError(f"--process {options.process}: there are {options.processes} processes, from 0 on")
    jax.distributed.initialize(options.coordinator, options.processes, options.process)


def _says() -> bool:
    """Whether this process writes: the first one of several."""
    return jax.process_index() == 0


def _program(artifact: Artifact, options: argparse.Namespace) -> tuple[Program, Place]:
    place = placement(artifact, named("mesh", options.mesh, int, 1))
    states, at = read_checkpoint(artifact, options.resume or artifact.weights)
    return Program(artifact, place, states), at


def _info(artifact: Artifact, options: argparse.Namespace) -> int:
    place = placement(artifact, named("mesh", options.mesh, int, 1))
    count = sum(state.elements for state in artifact.states if state.name in artifact.trainable)
    axes = ", ".join(f"{name}={size}" for name, size in place.mesh.shape.items())
    declared = "" if artifact.axes else " (the module declares no mesh)"
    lines = [
        f"{artifact.module}, exported by {artifact.producer}",
        f"  devices: {len(jax.devices())} ({jax.devices()[0].platform}), mesh {axes}{declared}",
        *(f"  size {size.name}: at most {size.max}" for size in artifact.sizes),
        *(
            f"  input {one.name}: {_typed(one)}{_spread(place.shardings.get(one.name))}"
            for one in artifact.inputs
        ),
        *(
            f"  run-time scalar {one.name}: {one.dtype}, {one.initial:g}"
            for one in artifact.params
            if one.name != "step"
        ),
        f"  {len(artifact.states)} states, with {count} parameters to train",
        *(
            f"  state {one.name}: {_typed(one)}{_spread(place.shardings[one.name])}"
            for one in artifact.states
            if one.name in place.shardings
        ),
    ]
    for entry in artifact.entries:
        gives = [*(output.name for output in entry.outputs)]
        if entry.updates:
            gives.append(f"{len(entry.updates)} update{'' if len(entry.updates) == 1 else 's'}")
        reads = ", ".join(entry.reads("input")) or "no inputs"
        lines.append(f"  entry {entry.name}: reads {reads}; gives {', '.join(gives)}")
    if _says():
        print("\n".join(lines))
    return 0


def _typed(tensor: Tensor) -> str:
    dims = ", ".join(dim.size or str(dim.extent) for dim in tensor.dims)
    return f"{tensor.dtype}[{dims}]"


def _spread(sharding: tuple[str | None, ...] | None) -> str:
    if sharding is None:
        return ""
    return f" over [{', '.join(axis or '-' for axis in sharding)}]"


def _train(artifact: Artifact, options: argparse.Namespace) -> int:
    entry = artifact.entry(options.entry)
    if options.checkpoint:
        require_place(options.checkpoint)
    data = load_data(options.data)
    program, place = _program(artifact, options)
    if options.seed is not None:
        place = replace(place, seed=options.seed)
    done = place.of(entry.name).position.epoch
    epochs = options.epochs if options.epochs or options.steps else done + 1
    course = Course(
        entry=entry,
        epochs=epochs,
        steps=options.steps,
        shuffle=not options.no_shuffle,
        sizes=named("size", options.size, int, 1),
        params=named("set", options.set, float),
        save_every=options.checkpoint_every if options.checkpoint else None,
    )
    bar = Bar()
    stop = _Interruption()
    last: Report | None = None

    def on_step(report: Report) -> bool:
        nonlocal last
        last = report
        if _says():
            _tell(report, bar, options.log_every, epochs)
        return not stop.is_asked

    def save(at: Place) -> None:
        states = program.read()
        if _says() and options.checkpoint:
            write_checkpoint(artifact, options.checkpoint, states, at)

    with stop:
        place = train(program, course, data, place, on_step, save)
        bar.clear()
        save(place)
    if _says():
        _tell_end(last, options.log_every, done)
    return 130 if stop.is_asked else 0


def _tell(report: Report, bar: Bar, every: int | None, epochs: int | None) -> None:
    """Writes a line where one is due, and moves the bar on."""
    if every is not None and report.number % every == 0:
        bar.clear()
        # Nine digits: those of a float32 are all there.
        print(f"step {report.number} {scalars_text(report.scalars, 9)}", flush=True)
    if report.ends_epoch:
        bar.clear()
        text = scalars_text(report.means, 9)
        print(
            f"epoch {report.epoch} {text} samples={report.samples} seconds={report.seconds:.1f}", flush=True
        )
    of = "" if epochs is None else f"/{epochs}"
    bar.update(f"epoch {report.epoch}{of}", report.step, report.steps, scalars_text(report.means))


def _tell_end(last: Report | None, every: int | None, done: int) -> None:
    """Writes how a training ended that no line has said yet: in the middle of an epoch, or without a step."""
    if last is None:
        print(f"nothing to train: {done} {'epoch is' if done == 1 else 'epochs are'} done already")
    elif not last.ends_epoch and (every is None or last.number % every != 0):
        print(f"step {last.number} {scalars_text(last.scalars, 9)}", flush=True)


class _Interruption:
    """Makes a first interruption end training after its step, so that a checkpoint is written; a second one ends at once.

    Several processes would stop at different steps, and wait for each other: there it is as it always is.
    """

    def __init__(self) -> None:
        self.is_asked = False
        self._before = signal.getsignal(signal.SIGINT)

    def __enter__(self) -> "_Interruption":
        if jax.process_count() == 1:
            signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.is_asked = True
        signal.signal(signal.SIGINT, self._before)


def _evaluate(artifact: Artifact, options: argparse.Namespace) -> int:
    entry = artifact.entry(options.entry)
    data = load_data(options.data)
    if options.out and not options.out.endswith((".npz", ".safetensors")):
        raise OptionError(f"--out {options.out}: it must be a .npz or a .safetensors file")
    if options.out and not Path(options.out).parent.is_dir():
        raise OptionError(f"--out {options.out}: there is no folder {Path(options.out).parent}")
    program, place = _program(artifact, options)
    bar = Bar()
    found = evaluate(
        program,
        entry,
        data,
        place,
        sizes=named("size", options.size, int, 1),
        params=named("set", options.set, float),
        on_step=lambda done, steps: bar.update(entry.name, done, steps, "") if _says() else None,
    )
    bar.clear()
    if not _says():
        return 0
    print(" ".join(filter(None, (f"samples={found.samples}", scalars_text(found.scalars, 9)))))
    for name, array in found.arrays.items():
        print(f"{name}: {array.dtype}{list(array.shape)}")
    if options.out:
        try:
            _write(options.out, dict(found.arrays))
        except OSError as error:
            raise DataError(f"{options.out}: {error.strerror}: the outputs are not written") from error
    return 0


def _write(file: str, arrays: dict[str, Array]) -> None:
    """Writes arrays by name, of the kind that the file's name says."""
    if file.endswith(".safetensors"):
        save_file(arrays, file)
        return
    # One member each, as np.savez writes them: names of arrays are not names of its options.
    with zipfile.ZipFile(file, "w") as members:
        for name, array in arrays.items():
            with members.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
