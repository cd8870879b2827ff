import json
import struct
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from sinter_xla.checkpoint import EntryPlace, Place, Position, read_checkpoint, write_checkpoint
from sinter_xla.errors import CheckpointError

from .case import FolderCase


def states() -> dict[str, Any]:
    return {"w": np.arange(4, dtype=np.float32), "w.m": np.ones(4, np.float32), "even": np.array(True)}


class CheckpointTest(FolderCase):
    def test_it_is_read_as_it_was_written(self) -> None:
        artifact = self.artifact()
        place = Place(
            7, 3, {"train": EntryPlace(5, Position(1, 2, 3, "0.5,NaN", "20 rows")), ".": EntryPlace(1)}
        )
        file = self.folder / "c.safetensors"
        write_checkpoint(artifact, file, states(), place)
        found, at = read_checkpoint(artifact, file)
        np.testing.assert_equal(found, states())
        self.assertEqual((found["even"].dtype, at), (np.bool_, place))
        self.assertEqual([path.name for path in self.folder.iterdir() if path.is_file()], ["c.safetensors"])

    def test_its_states_lie_as_a_session_has_them(self) -> None:
        artifact = self.artifact()
        file = self.folder / "c.safetensors"
        write_checkpoint(artifact, file, states(), Place(entries={"train": EntryPlace(2)}))
        data = file.read_bytes()
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8 : 8 + length])
        self.assertEqual(length % 8, 0)
        self.assertEqual(list(header), ["w", "w.m", "even", "__metadata__"])
        self.assertEqual(header["even"], {"dtype": "U32", "shape": [], "data_offsets": [32, 36]})
        position = {"epoch": 0, "step": 0, "draw": 0, "sums": "", "plan": ""}
        self.assertEqual(
            json.loads(header["__metadata__"]["sinter"]),
            {"seed": 0, "shuffles": 0, "entries": {".train": {"steps": 2, "position": position}}},
        )

    def test_weights_alone_are_at_the_start(self) -> None:
        save_file(states(), self.folder / "weights.safetensors")
        found, place = read_checkpoint(self.artifact(), self.folder / "weights.safetensors")
        np.testing.assert_equal(found, states())
        self.assertEqual(place, Place())

    def test_one_of_another_model_is_refused_with_all_that_differs(self) -> None:
        other: dict[str, Any] = {
            "w": np.zeros((4, 2), np.float32),
            "even": np.zeros((), np.float32),
            "bias": np.zeros(2),
        }
        save_file(other, self.folder / "other.safetensors")
        text = (
            "other.safetensors is of another model than linear: missing: w.m; unknown: bias; "
            "different: w (f32[4], in the file float32[4, 2]), even (bool[], in the file float32[])"
        )
        with self.refuses(CheckpointError, text):
            read_checkpoint(self.artifact(), self.folder / "other.safetensors")

    def test_what_is_no_checkpoint_is_refused(self) -> None:
        artifact = self.artifact()
        file = self.folder / "c.safetensors"
        with self.refuses(CheckpointError, "expected a safetensors file, as session.save gives it"):
            read_checkpoint(artifact, file)
        file.write_bytes(b"odd")
        with self.refuses(CheckpointError, "expected a safetensors file, as session.save gives it"):
            read_checkpoint(artifact, file)
        for text, reason in [
            ("{", "its text `sinter` is not JSON"),
            ("[]", "sinter: expected an object, found []"),
            ('{"seed": -1, "entries": {}}', "sinter.seed: expected a whole number from 0 on, found -1"),
        ]:
            save_file(states(), file, metadata={"sinter": text})
            with self.subTest(text), self.refuses(CheckpointError, reason):
                read_checkpoint(artifact, file)

    def test_a_file_that_cannot_be_written_leaves_nothing(self) -> None:
        (self.folder / "folder.safetensors").mkdir()
        with self.refuses(CheckpointError, "the checkpoint is not written"):
            write_checkpoint(self.artifact(), self.folder / "folder.safetensors", states(), Place())
        self.assertEqual(list(self.folder.glob(".*")), [])
