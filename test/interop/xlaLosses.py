"""Losses of trainings by sinter_xla, as `xla.test.ts` asks for them: one process, since JAX takes seconds to start.

Standard input is a list of `{"artifact", "data", "mesh", "steps", "resume"}`. Each trains so many steps in the order of
rows: from the start, or from each of the checkpoints of `resume`, over as many parts of the rows. Its losses are printed
as a list of numbers.
"""

import json
import sys
import warnings
from typing import Any

import numpy as np
from sinter_xla import Program, load_artifact, train
from sinter_xla.checkpoint import read_checkpoint
from sinter_xla.data import load_data
from sinter_xla.mesh import placement
from sinter_xla.train import Course, Report


def losses(job: dict[str, Any]) -> list[float]:
    """The losses of one job."""
    artifact = load_artifact(job["artifact"])
    course = Course(artifact.entry("train"), steps=job["steps"], shuffle=False)
    data = load_data([job["data"]])
    place = placement(artifact, job["mesh"])
    found: list[float] = []

    def on_step(report: Report) -> bool:
        found.append(report.scalars["loss"])
        return True

    program: Program | None = None
    files = job["resume"] or [artifact.weights]
    for k, file in enumerate(files):
        states, at = read_checkpoint(artifact, file)
        if program is None:
            program = Program(artifact, place, states)
        else:
            program.load(states)
        part = {name: np.split(array, len(files))[k] for name, array in data.items()}
        train(program, course, part, at, on_step)
    return found


if __name__ == "__main__":
    warnings.simplefilter("error")
    print(json.dumps([losses(job) for job in json.load(sys.stdin)]))
