from dataclasses import replace
from typing import Any

import jax
import numpy as np
from jax.sharding import NamedSharding

from sinter_xla.arrays import DTYPES
from sinter_xla.checkpoint import Place, Position, write_checkpoint
from sinter_xla.draws import permutation
from sinter_xla.errors import DataError, OptionError, TrainingError
from sinter_xla.mesh import placement
from sinter_xla.program import Program
from sinter_xla.train import Course, Report, train

from . import linear
from .case import FolderCase
from .test_mesh import spread

TOLERANCE = 1e-5


class TrainTest(FolderCase):
    def losses(self, changed: Any = None, mesh: Any = None, **course: Any) -> tuple[list[float], Place]:
        """The losses of a training from the start, and where it ends."""
        artifact = self.artifact(changed)
        program, place = self.program(artifact, mesh)
        losses: list[float] = []

        def on_step(report: Report) -> bool:
            losses.append(report.scalars["loss"])
            return True

        done = train(program, Course(artifact.entry("train"), **course), linear.data(), place, on_step)
        return losses, done

    def test_each_epoch_reads_all_rows_in_an_order_of_its_own(self) -> None:
        losses, place = self.losses(epochs=3)
        orders = [permutation(0, draw, 20).tolist() for draw in range(3)]
        np.testing.assert_allclose(losses, linear.expected(**linear.data(), orders=orders), rtol=TOLERANCE)
        self.assertEqual(place.of("train").steps, 9)
        self.assertEqual(
            place.of("train").position, Position(3, plan="20 rows by 8, shuffled, for loss,number")
        )
        self.assertEqual(place.shuffles, 3)

    def test_rows_may_be_read_in_order_by_smaller_batches_and_other_scalars(self) -> None:
        losses, _ = self.losses(epochs=2, shuffle=False, sizes={"batch": 6}, params={"lr": 0.05})
        wanted = linear.expected(**linear.data(), orders=[list(range(20))] * 2, live=6, lr=0.05)
        np.testing.assert_allclose(losses, wanted, rtol=TOLERANCE)

    def test_losses_do_not_depend_on_the_mesh(self) -> None:
        alone, _ = self.losses(epochs=3)
        for changed, mesh in [
            (None, {"data": 8}),
            (spread(), {}),
            (spread(), {"data": 2}),
            (spread(), {"data": 1, "model": 4}),
            (spread(), {"data": 1, "model": 1}),
        ]:
            with self.subTest(mesh=mesh):
                found, _ = self.losses(changed, mesh, epochs=3)
                np.testing.assert_allclose(found, alone, rtol=TOLERANCE)

    def test_states_are_spread_and_donated(self) -> None:
        artifact = self.artifact(spread())
        program, _ = self.program(artifact)
        before = program.states["w"]
        assert isinstance(before, jax.Array)
        inputs = {name: array[:8] for name, array in linear.data().items()}
        step = program.step(artifact.entry("train"), inputs, {"batch": 8}, {"lr": 0.1}, 5)
        after = program.states["w"]
        assert isinstance(after, jax.Array)
        self.assertTrue(before.is_deleted())
        self.assertEqual(after.sharding, program.place.of(artifact.states[0]))
        self.assertEqual(after.addressable_shards[0].data.shape, (2,))
        # Its second output is the number of the step.
        self.assertEqual([int(step.outputs[1]), bool(program.states["even"])], [5, True])

    def test_what_nobody_said_is_spread_as_xla_finds_out_and_as_it_was_after_each_step(self) -> None:
        manifest = spread()
        del (
            manifest["inputs"][1]["sharding"],
            manifest["states"][0]["sharding"],
            manifest["states"][1]["sharding"],
        )
        manifest["inputs"][0]["sharding"] = ["data", "model"]
        # A state that only is given a value: what it is before a step says nothing.
        manifest["states"].append({"name": "last", "shape": [8], "dtype": "f32", "trainable": False})
        train_entry = manifest["entries"][0]
        train_entry["arguments"].insert(3, {"kind": "state", "name": "last", "donated": True})
        train_entry["results"].insert(3, {"kind": "state", "name": "last", "shape": [8], "dtype": "f32"})
        artifact = self.artifact(manifest)
        text = artifact.entry("train").file.read_text(encoding="utf-8")
        for old, new in [
            ("%x: tensor<8x4xf32>", "%last: tensor<8xf32>, %x: tensor<8x4xf32>"),
            ("tensor<i1>, tensor<f32>", "tensor<i1>, tensor<8xf32>, tensor<f32>"),
            ("return %new_w, %new_m, %new_even,", "return %new_w, %new_m, %new_even, %p,"),
        ]:
            self.assertIn(old, text)
            text = text.replace(old, new)
        artifact.entry("train").file.write_text(text, encoding="utf-8")
        states = {state.name: np.zeros(state.shape, DTYPES[state.dtype]) for state in artifact.states}
        program = Program(artifact, placement(artifact), states)
        losses: list[float] = []

        def on_step(report: Report) -> bool:
            losses.append(report.scalars["loss"])
            return True

        train(program, Course(artifact.entry("train"), epochs=3), linear.data(), Place(), on_step)
        specs = {
            name: state.sharding.spec
            for name, state in program.states.items()
            if isinstance(state, jax.Array) and isinstance(state.sharding, NamedSharding)
        }
        wanted = {"w": ("model",), "w.m": ("model",), "last": ("data",), "even": ()}
        self.assertEqual({name: tuple(spec) for name, spec in specs.items()}, wanted)
        alone, _ = self.losses(epochs=3)
        np.testing.assert_allclose(losses, alone, rtol=TOLERANCE)

    def test_a_training_goes_on_exactly_where_it_stopped(self) -> None:
        whole, end = self.losses(epochs=4)
        first, place = self.losses(steps=4)
        artifact = self.artifact()
        program, _ = self.program(artifact)
        course = Course(artifact.entry("train"), steps=4)
        train(program, course, linear.data(), Place())
        file = self.folder / "checkpoint.safetensors"
        write_checkpoint(artifact, file, program.read(), place)
        program, again = self.program(artifact, file=file)
        self.assertEqual(again, place)
        rest: list[Report] = []

        def on_step(report: Report) -> bool:
            rest.append(report)
            return True

        done = train(program, replace(course, epochs=4, steps=None), linear.data(), again, on_step)
        self.assertEqual(first + [one.scalars["loss"] for one in rest], whole)
        self.assertEqual(done, end)
        # The epoch's means have the steps before, too.
        weights = [8, 8, 4]
        self.assertAlmostEqual(rest[1].means["loss"], np.average(whole[3:6], weights=weights), places=6)
        self.assertEqual(
            [(one.epoch, one.step, one.number) for one in rest[:3]], [(2, 2, 5), (2, 3, 6), (3, 1, 7)]
        )

    def test_a_training_in_the_middle_of_an_epoch_of_other_batches_is_refused(self) -> None:
        _, place = self.losses(steps=4)
        artifact = self.artifact()
        program, _ = self.program(artifact)
        text = "train: to go on in an epoch needs 20 rows by 8, shuffled, for loss,number; found 20 rows by 4, shuffled"
        with self.refuses(OptionError, text):
            train(program, Course(artifact.entry("train"), sizes={"batch": 4}), linear.data(), place)

    def test_it_stops_where_it_is_asked_to_and_saves_where_it_stands(self) -> None:
        artifact = self.artifact()
        program, place = self.program(artifact)
        saved: list[tuple[int, float]] = []
        course = Course(artifact.entry("train"), epochs=100, save_every=5)
        done = train(
            program,
            course,
            linear.data(),
            place,
            lambda report: report.number < 17,
            lambda at: saved.append((at.of("train").steps, float(program.read()["w"][0]))),
        )
        # Steps under way when it was asked end, and count.
        self.assertEqual(done.of("train").steps % 5, 0)
        self.assertEqual([steps for steps, _ in saved[:3]], [5, 10, 15])
        program, place = self.program(artifact)
        train(program, Course(artifact.entry("train"), steps=10), linear.data(), place)
        self.assertEqual(float(program.read()["w"][0]), saved[1][1])

    def test_a_loss_that_is_not_a_number_ends_it(self) -> None:
        artifact = self.artifact()
        program, place = self.program(artifact)
        data = linear.data()
        data["y"][0] = np.nan
        with self.refuses(TrainingError, "train: loss is NaN in step"):
            train(program, Course(artifact.entry("train"), epochs=2), data, place)

    def test_what_it_is_given_is_checked(self) -> None:
        manifest = linear.manifest()
        manifest["params"].append({"name": "count", "dtype": "i32", "initial": 1})
        artifact = self.artifact(manifest)
        program, place = self.program(artifact)
        entry = artifact.entry("train")
        data = linear.data()
        for course, given, error, text in [
            (
                Course(entry, params={"rate": 1}),
                data,
                OptionError,
                "linear has no run-time scalar 'rate' to set; there are lr, count",
            ),
            (
                Course(entry, params={"lr": float("nan")}),
                data,
                OptionError,
                "lr is nan: it must be a number that f32 has",
            ),
            (
                Course(entry, params={"count": float("inf")}),
                data,
                OptionError,
                "count is inf: it must be a number that i32 has",
            ),
            (
                Course(entry, sizes={"batch": 9}),
                data,
                OptionError,
                "the size 'batch' is 9: it must be from 1 to 8",
            ),
            (
                Course(entry, sizes={"rows": 9}),
                data,
                OptionError,
                "linear has no size 'rows'; there are batch",
            ),
            (
                Course(entry),
                {**data, "y": data["y"][1:]},
                DataError,
                "input 'y' has 19 rows, and others by 'batch' have 20",
            ),
        ]:
            with self.subTest(text), self.refuses(error, text):
                train(program, course, given, place)

    def test_there_are_eight_devices(self) -> None:
        self.assertEqual(jax.device_count(), 8)
