from dataclasses import replace

import numpy as np

from sinter_xla.checkpoint import Place
from sinter_xla.evaluate import evaluate
from sinter_xla.mesh import placement
from sinter_xla.program import Program

from . import linear
from .case import FolderCase


class EvaluateTest(FolderCase):
    def test_outputs_by_rows_come_one_after_the_other_and_others_add_up(self) -> None:
        artifact = self.artifact()
        w = np.array([1, -2, 0.5, 3], np.float32)
        states = {"w": w, "w.m": w, "even": np.zeros((), np.bool_)}
        x = linear.data()["x"]
        steps: list[tuple[int, int]] = []
        for mesh in ({}, {"data": 8}):
            program = Program(artifact, placement(artifact, mesh), states)
            found = evaluate(
                program,
                artifact.entry("predict"),
                {"x": x},
                Place(),
                on_step=lambda *step: steps.append(step),
            )
            self.assertEqual((found.samples, dict(found.scalars)), (20, {"rows": 20.0}))
            np.testing.assert_allclose(found.arrays["p"], x @ w, rtol=1e-5, atol=1e-6)
        self.assertEqual(steps[:3], [(1, 3), (2, 3), (3, 3)])

    def test_floats_are_means_over_rows(self) -> None:
        artifact = self.artifact()
        program, place = self.program(artifact)
        data = linear.data()
        frozen = evaluate(program, artifact.entry("train"), data, place, params={"lr": 0})
        self.assertAlmostEqual(frozen.scalars["loss"], float(np.mean(data["y"] ** 2)), places=5)

    def test_an_output_that_batches_cut_elsewhere_than_at_its_end_has_no_sum(self) -> None:
        artifact = self.artifact()
        program, place = self.program(artifact)
        entry = artifact.entry("predict")
        turned = replace(entry.outputs[0], dims=(*artifact.states[0].dims, *entry.outputs[0].dims))
        with self.refuses(Exception, "output 'p' is bounded in dimension 1, so that batches do not add up"):
            evaluate(program, replace(entry, outputs=(turned,)), linear.data(), place)
