import contextlib
import io
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from sinter_xla.checkpoint import read_checkpoint
from sinter_xla.cli import main

from . import linear
from .case import FolderCase
from .test_mesh import spread

NUMBER = r"[-+.e0-9]+"
ROOT = Path(__file__).parent.parent


class CommandLineTest(FolderCase):
    def setUp(self) -> None:
        super().setUp()
        self.data = self.folder / "data.npz"
        np.savez(self.data, **linear.data())

    def call(self, command: str, *options: str, folder: Path | None = None) -> tuple[int, str, str]:
        """The exit code of a command, and what it writes."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([command, str(folder or self.folder / "linear"), *options])
        return code, out.getvalue(), err.getvalue()

    def test_train_writes_lines_and_a_checkpoint_that_it_goes_on_from(self) -> None:
        self.artifact()
        file = self.folder / "c.safetensors"
        data = ("--data", str(self.data), "--mesh", "data=8")
        code, out, err = self.call("train", *data, "--checkpoint", str(file), "--log-every", "2")
        self.assertEqual((code, err), (0, ""))
        number = f"loss={NUMBER} number="
        self.assertRegex(out, f"^step 2 {number}2\nepoch 1 {number}6 samples=20 seconds={NUMBER}\n$")
        code, out, err = self.call(
            "train", *data, "--resume", str(file), "--epochs", "3", "--checkpoint", str(file)
        )
        self.assertEqual((code, re.findall(r"^epoch \d", out, re.M)), (0, ["epoch 2", "epoch 3"]))
        # Nothing is left to be done.
        found = self.call("train", *data, "--resume", str(file), "--epochs", "3")
        self.assertEqual(found, (0, "nothing to train: 3 epochs are done already\n", ""))
        code, out, _ = self.call(
            "train", *data, "--resume", str(file), "--steps", "2", "--log-every", "1", "--set", "lr=0"
        )
        self.assertEqual(re.findall(r"^step \d+", out, re.M), ["step 10", "step 11"])

    def test_a_training_that_ends_within_an_epoch_says_where(self) -> None:
        self.artifact()
        _, out, _ = self.call("train", "--data", str(self.data), "--steps", "2")
        self.assertRegex(out, f"^step 2 loss={NUMBER} number=2\n$")

    def test_a_seed_gives_another_order_and_no_shuffle_none(self) -> None:
        self.artifact()
        lines = ("--data", str(self.data), "--log-every", "1")
        outs = [self.call("train", *lines, *more)[1] for more in ((), ("--seed", "1"), ("--no-shuffle",))]
        self.assertEqual(len({out.splitlines()[0] for out in outs}), 3)

    def test_evaluate_says_what_outputs_come_to(self) -> None:
        self.artifact()
        for name in ("out.npz", "out.safetensors"):
            file = str(self.folder / name)
            found = self.call("evaluate", "--data", str(self.data), "--out", file, "--mesh", "rows=2")
            self.assertEqual(found, (0, "samples=20 rows=20\np: float32[20]\n", ""))
        with np.load(self.folder / "out.npz") as arrays:
            np.testing.assert_equal(arrays["p"], np.zeros(20, np.float32))
        _, out, _ = self.call("evaluate", "--entry", "train", "--data", str(self.data), "--set", "lr=0")
        self.assertRegex(out, f"^samples=20 loss={NUMBER} number=6\n$")

    def test_info_says_what_there_is(self) -> None:
        self.artifact(spread())
        _, out, _ = self.call("info", "--mesh", "data=2,model=4")
        self.assertEqual(
            out,
            """linear, exported by sinter 0.1.0
  devices: 8 (cpu), mesh data=2, model=4
  size batch: at most 8
  input x: f32[batch, 4] over [data, -]
  input y: f32[batch] over [data]
  run-time scalar lr: f32, 0.1
  3 states, with 4 parameters to train
  state w: f32[4] over [model]
  state w.m: f32[4] over [model]
  entry train: reads x, y; gives loss, number, 3 updates
  entry predict: reads x; gives p, rows
""",
        )

    def test_what_cannot_be_done_is_said_in_a_line(self) -> None:
        self.artifact()
        data = ("--data", str(self.data))
        train: Any = [
            (
                ("--mesh", "data=3"),
                "the 3 devices of axis 'data' do not divide dimension 0 of input 'x', which is 8",
            ),
            (("--mesh", "data"), "--mesh takes NAME=VALUE, such as data=8, not 'data'"),
            (("--mesh", "data=1,data=2"), "--mesh: 'data' stands twice"),
            (("--mesh", "data=0"), "--mesh: 'data' is 0: it must be 1 or more"),
            (("--set", "rate=1"), "linear has no run-time scalar 'rate' to set; there are lr"),
            (
                ("--entry", "predict"),
                "the entry 'predict' updates no state, and cannot be trained; those that do: train",
            ),
            (
                ("--checkpoint", str(self.folder / "no" / "c.safetensors")),
                f"there is no folder {self.folder / 'no'} to write the checkpoint to",
            ),
            (("--checkpoint", str(self.folder)), f"{self.folder} is a folder: a checkpoint is a file"),
            (
                ("--resume", "nowhere"),
                "error: nowhere: No such file or directory: expected a safetensors file",
            ),
            (("--entry", "fit"), "linear has no entry 'fit'; there are train, predict"),
            (
                ("--process", "1"),
                "several processes need all of --coordinator HOST:PORT, --processes N and --process K",
            ),
            (("--resume", str(self.data)), "expected a safetensors file, as session.save gives it"),
        ]
        for options, text in train:
            with self.subTest(options):
                mesh = () if "--mesh" in options else ("--mesh", "data=4")
                code, out, err = self.call("train", *data, *mesh, *options)
                self.assertEqual((code, out), (1, ""))
                self.assertRegex(err, "^error: .*\n$")
                self.assertIn(text, err)
        code, _, err = self.call("evaluate", *data, "--out", "out.csv")
        self.assertEqual((code, err), (1, "error: --out out.csv: it must be a .npz or a .safetensors file\n"))
        nowhere = str(self.folder / "no" / "out.npz")
        code, out, err = self.call("evaluate", *data, "--out", nowhere)
        self.assertEqual((code, out), (1, ""))
        self.assertIn(f"there is no folder {self.folder / 'no'}", err)
        code, _, err = self.call("info", folder=self.folder)
        self.assertRegex(err, "^error: .*manifest.json: No such file or directory")

    def test_devices_that_are_not_there_are_said_in_a_line(self) -> None:
        self.artifact()
        found = subprocess.run(
            [sys.executable, "-m", "sinter_xla", "info", str(self.folder / "linear")],
            env={**os.environ, "JAX_PLATFORMS": "abacus"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual((found.returncode, found.stdout), (1, ""))
        self.assertRegex(found.stderr, "error: JAX finds no devices: .*'abacus'")

    def test_options_of_other_types_are_said_by_argparse(self) -> None:
        with contextlib.redirect_stderr(io.StringIO()) as err, self.assertRaises(SystemExit):
            main(["train", "linear", "--epochs", "many"])
        self.assertIn("argument --epochs: must be a whole number, not 'many'", err.getvalue())

    def test_an_interruption_ends_it_with_a_checkpoint(self) -> None:
        artifact = self.artifact()
        file = self.folder / "c.safetensors"
        options = [
            "--data",
            str(self.data),
            "--epochs",
            "1000000",
            "--log-every",
            "1",
            "--checkpoint",
            str(file),
        ]
        command = [sys.executable, "-m", "sinter_xla", "train", str(artifact.folder), *options]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            lines = process.stdout.read().splitlines()
        self.assertEqual(process.returncode, 130)
        _, place = read_checkpoint(artifact, file)
        steps = [line for line in lines if line.startswith("step ")]
        self.assertTrue(steps[-1].startswith(f"step {place.of('train').steps} "), steps[-1])

    def test_several_processes_train_as_one_does(self) -> None:
        self.artifact(spread())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        shared = ("--data", str(self.data), "--epochs", "2", "--log-every", "1")
        _, alone, _ = self.call("train", *shared, "--checkpoint", str(self.folder / "alone.safetensors"))
        command = [sys.executable, "-m", "sinter_xla", "train", str(self.folder / "linear"), *shared]
        command += ["--coordinator", f"127.0.0.1:{port}", "--processes", "2"]
        environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=4"}
        processes = [
            subprocess.Popen(
                [*command, "--process", str(k), "--checkpoint", str(self.folder / "both.safetensors")],
                env=environment,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for k in range(2)
        ]
        outs = [process.communicate(timeout=100) for process in processes]
        self.assertEqual([process.returncode for process in processes], [0, 0], outs)

        def losses(text: str) -> list[float]:
            return [float(loss) for loss in re.findall(rf"^step \d+ loss=({NUMBER})", text, re.M)]

        self.assertEqual(len(losses(alone)), 6)
        # The first one alone tells of steps.
        self.assertEqual(losses(outs[1][0]), [])
        np.testing.assert_allclose(losses(outs[0][0]), losses(alone), rtol=1e-5)
        self.assertTrue((self.folder / "both.safetensors").exists())
