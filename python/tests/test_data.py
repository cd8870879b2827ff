import gzip
import struct
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from sinter_xla.data import inputs_for, load_data
from sinter_xla.errors import DataError

from . import linear
from .case import FolderCase


def idx(array: Any, code: int) -> bytes:
    """An array of the IDX format."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    elements: bytes = array.astype(array.dtype.newbyteorder(">")).tobytes()
    return header + elements


class DataTest(FolderCase):
    def test_arrays_are_read_by_name(self) -> None:
        data = linear.data()
        np.savez(self.folder / "x.npz", x=data["x"])
        save_file({"y": data["y"]}, self.folder / "y.safetensors")
        found = load_data([str(self.folder / "x.npz"), str(self.folder / "y.safetensors")])
        np.testing.assert_equal(found, data)

    def test_one_array_is_read_for_an_input(self) -> None:
        pixels: Any = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
        floats: Any = np.array([1.5, -2], np.float32)
        np.save(self.folder / "pixels.npy", pixels)
        (self.folder / "pixels-idx3-ubyte").write_bytes(idx(pixels, 8))
        (self.folder / "floats.gz").write_bytes(gzip.compress(idx(floats, 13)))
        for name, array in [("pixels.npy", pixels), ("pixels-idx3-ubyte", pixels), ("floats.gz", floats)]:
            found = load_data([f"x={self.folder / name}"])["x"]
            self.assertEqual(found.dtype, array.dtype)
            np.testing.assert_equal(found, array)

    def test_files_that_cannot_be_read_are_refused(self) -> None:
        (self.folder / "empty").write_bytes(b"")
        (self.folder / "cut").write_bytes(idx(np.zeros((2, 3), np.uint8), 8)[:-1])
        (self.folder / "odd.npz").write_bytes(b"odd")
        (self.folder / "odd.safetensors").write_bytes(b"odd")
        (self.folder / "damaged.gz").write_bytes(gzip.compress(bytes(100))[:10] + bytes([255] * 20))
        np.savez_compressed(self.folder / "damaged.npz", x=np.zeros(1000))
        damaged = bytearray((self.folder / "damaged.npz").read_bytes())
        damaged[60:70] = bytes([255] * 10)
        (self.folder / "damaged.npz").write_bytes(damaged)
        np.save(self.folder / "objects.npy", np.array([None]), allow_pickle=True)
        for file, text in [
            ("none.npz", "none.npz: No such file or directory"),
            ("x=none", "none: No such file or directory"),
            ("x=empty", "empty: neither a .npy file nor one of IDX"),
            ("x=cut", "cut: 17 bytes, and its header says 18"),
            ("x=damaged.gz", "damaged.gz: "),
            ("damaged.npz", "damaged.npz: "),
            ("odd.npz", "odd.npz: "),
            ("odd.safetensors", "odd.safetensors: "),
            ("x=objects.npy", "objects.npy: Object arrays cannot be loaded"),
            ("data.csv", "data is a .safetensors or .npz file, or NAME=FILE"),
        ]:
            name, separator, path = file.rpartition("=")
            with self.subTest(file), self.refuses(DataError, text):
                load_data([f"{name}{separator}{self.folder / path}"])
        np.save(self.folder / "x.npy", np.zeros(1))
        with self.refuses(DataError, "there is an array 'x' already"):
            load_data([f"x={self.folder / 'x.npy'}", f"x={self.folder / 'x.npy'}"])

    def test_arrays_are_held_to_the_inputs_that_an_entry_reads(self) -> None:
        artifact = self.artifact()
        data = linear.data()
        predict = artifact.entry("predict")
        self.assertEqual(list(inputs_for(artifact, predict, data)), ["x"])
        flat = inputs_for(artifact, predict, {"x": data["x"].reshape(-1, 2, 2).astype(np.float64)})["x"]
        self.assertEqual((flat.shape, flat.dtype), ((20, 4), np.float32))
        for x, text in [
            (None, "predict reads x, of which there is no data; there is y"),
            (np.zeros((3, 5)), "input 'x' is f32[batch, 4], and its data is of shape [3, 5]"),
            (np.zeros(()), "input 'x' is f32[batch, 4], and its data is of shape []"),
            (np.zeros((0, 4)), "input 'x': its data has no rows"),
            (np.array([["a"] * 4]), "input 'x' is f32: its data has to be numbers, not <U1"),
        ]:
            given = {"y": data["y"]} if x is None else {"x": x}
            with self.subTest(text), self.refuses(DataError, text):
                inputs_for(artifact, predict, given)

    def test_whole_numbers_are_held_to_the_type_of_their_input(self) -> None:
        manifest = linear.manifest()
        manifest["inputs"][0]["dtype"] = "u8"
        artifact = self.artifact(manifest)
        entry = artifact.entry("predict")
        found = inputs_for(artifact, entry, {"x": np.full((2, 4), 255, np.int64)})["x"]
        self.assertEqual((found.dtype, found.tolist()), (np.uint8, [[255] * 4] * 2))
        with self.refuses(DataError, "input 'x' is u8, from 0 to 255, and its data goes from 0 to 256"):
            inputs_for(artifact, entry, {"x": np.array([[0, 1, 2, 256]])})
        with self.refuses(DataError, "input 'x' is u8: its data has to be whole numbers, not float64"):
            inputs_for(artifact, entry, {"x": np.zeros((2, 4))})

    def test_labels_are_held_to_what_they_choose_from(self) -> None:
        manifest = linear.manifest()
        manifest["inputs"][1] |= {"dtype": "i32", "below": 10}
        artifact = self.artifact(manifest)
        entry = artifact.entry("train")
        data = {**linear.data(), "y": np.arange(20, dtype=np.int32) % 10}
        self.assertEqual(inputs_for(artifact, entry, data)["y"].tolist(), data["y"].tolist())
        for added, text in [(1, "goes from 1 to 10"), (-1, "goes from -1 to 8")]:
            with self.refuses(DataError, f"input 'y' is i32, from 0 to 9, and its data {text}"):
                inputs_for(artifact, entry, {**data, "y": data["y"] + added})
