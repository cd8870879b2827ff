"""Training steps of XLA from what `sinter export` writes: xla_steps.py FOLDER THREADS, with what task.ts wrote.

Each line of input is a count of steps; each line of output says what they took. Batches lie on the device, pixels as bytes.
"""

import json
import os
import sys
import time
from pathlib import Path

folder, threads = Path(sys.argv[1]), int(sys.argv[2])
if threads == 1:
    # XLA has no count of threads: on one processor it has one that works.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
sys.path.insert(0, str(Path(__file__).parents[2] / "python"))

import jax  # noqa: E402
import numpy as np  # noqa: E402
from sinter_xla.artifact import load_artifact  # noqa: E402
from sinter_xla.checkpoint import read_checkpoint  # noqa: E402
from sinter_xla.mesh import placement  # noqa: E402
from sinter_xla.program import Program, scalars  # noqa: E402

task = json.loads((folder / "task.json").read_text())
artifact = load_artifact(folder / "stablehlo")
values, _ = read_checkpoint(artifact, artifact.weights)
for given in task["parameters"]:
    values[given["name"]] = np.fromfile(folder / given["file"], np.float32).reshape(given["shape"])
program = Program(artifact, placement(artifact), values)
entry = artifact.entry("train")
executable = program.compile(entry)


def on_device(name: str, k: int) -> jax.Array:
    given = next(given for given in task["inputs"] if given["name"] == name)
    kind = {"u8": np.uint8, "i32": np.int32}[given["dtype"]]
    array = np.fromfile(folder / f"{name}{k}.{given['dtype']}", kind).reshape(given["shape"])
    return jax.device_put(array)


batches = [{name: on_device(name, k) for name in entry.reads("input")} for k in range(task["batches"])]
params = scalars(artifact, {})
sizes = {size.name: np.int32(size.max) for size in artifact.sizes}
states = {name: program.states[name] for name in entry.reads("state")}
loss_at = len(entry.updates) + [output.name for output in entry.outputs].index("loss")


def step(number: int) -> jax.Array:
    """Takes a step, and does not wait for it."""
    given = {
        "state": states,
        "input": batches[number % task["batches"]],
        "param": {name: np.float32(value) for name, value in params.items()} | {"step": np.int32(number + 1)},
        "size": sizes,
    }
    results = executable.call(*(given[argument.kind][argument.name] for argument in entry.arguments))
    states.update(zip(entry.updates, results))
    return results[loss_at]


taken = 0
for line in sys.stdin:
    count = int(line)
    begin = time.perf_counter()
    losses = [step(taken + k) for k in range(count)]
    jax.block_until_ready((losses[-1], states))
    milliseconds = 1000 * (time.perf_counter() - begin)
    taken += count
    print(json.dumps({"milliseconds": milliseconds, "loss": float(np.mean([float(loss) for loss in losses]))}), flush=True)
