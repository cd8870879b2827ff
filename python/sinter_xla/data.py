"""Data sets: arrays by the names of inputs, rows along the first dimension, out of files of several kinds."""

import gzip
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from .arrays import DTYPES, Array
from .artifact import Artifact, Entry, Tensor
from .errors import DataError, listed


def load_data(files: Iterable[str]) -> dict[str, Array]:
    """Arrays by name, out of files.

    A `.safetensors` or `.npz` file holds arrays by their names. `NAME=FILE` takes one array for the input of that name: a
    `.npy` file, or one of IDX, the format of MNIST's files, compressed by gzip or not.

    Raises DataError for a file that cannot be read, and for a name that comes twice.
    """
    arrays: dict[str, Array] = {}
    for argument in files:
        name, separator, file = argument.partition("=")
        found = {name: _one(Path(file))} if separator else _several(Path(argument))
        twice = sorted(found.keys() & arrays.keys())
        if twice:
            raise DataError(
                f"{argument}: there is an array {twice[0]!r} already: each input is read from one place"
            )
        arrays.update(found)
    return arrays


# Compressed data that is cut or damaged is told by whoever finds out first.
_UNREADABLE = (OSError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)


def _several(path: Path) -> dict[str, Array]:
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                return dict(file)
    except (*_UNREADABLE, SafetensorError) as error:
        raise _unread(path, error) from error
    raise DataError(
        f"{path}: data is a .safetensors or .npz file, or NAME=FILE with a .npy or an IDX file for one input"
    )


def _one(path: Path) -> Array:
    try:
        if path.suffix == ".npy":
            array: Array = np.load(path, allow_pickle=False)
            return array
        data = path.read_bytes()
        return _idx(path, gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    except _UNREADABLE as error:
        raise _unread(path, error) from error


_IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def _idx(path: Path, data: bytes) -> Array:
    """An array of the IDX format: two zeros, a type, the number of dimensions, their extents, elements; all big-endian."""
    dtype = np.dtype(_IDX_TYPES.get(data[2], "V1")) if len(data) > 3 else np.dtype("V1")
    if data[:2] != b"\0\0" or dtype.kind == "V" or len(data) < 4 + 4 * data[3]:
        raise DataError(
            f"{path}: neither a .npy file nor one of IDX, which begins with two zeros, a type and a rank"
        )
    shape = struct.unpack_from(f">{data[3]}I", data, 4)
    start = 4 + 4 * data[3]
    if len(data) != start + prod(shape) * dtype.itemsize:
        raise DataError(
            f"{path}: {len(data)} bytes, and its header says {start + prod(shape) * dtype.itemsize}"
        )
    return np.frombuffer(data, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def _unread(path: Path, error: Exception) -> DataError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return DataError(f"{path}: {reason}")


def inputs_for(artifact: Artifact, entry: Entry, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The arrays that an entry reads, of the types and shapes of its inputs; what it does not read is left out.

    Raises DataError for one that is missing, of another shape, or with values that the input's type has not.
    """
    tensors = {tensor.name: tensor for tensor in artifact.inputs}
    names = entry.reads("input")
    missing = [name for name in names if name not in arrays]
    if missing:
        others = f"; there is {listed(sorted(arrays))}" if arrays else ""
        raise DataError(f"{entry.name} reads {listed(missing)}, of which there is no data{others}")
    return {name: _fitted(tensors[name], arrays[name]) for name in names}


def _fitted(tensor: Tensor, array: Array) -> Array:
    """An array as its input takes it; rows may be flat where the input's are, as pixels of images."""
    by_row = bool(tensor.dims) and tensor.dims[0].size is not None
    row = tensor.shape[1:] if by_row else tensor.shape
    found = array.shape[1:] if by_row and array.ndim > 0 else array.shape
    is_flat = min(len(row), len(found)) < 2 and prod(row) == prod(found)
    if (by_row and array.ndim == 0) or not (row == found or is_flat):
        wanted = ", ".join([tensor.dims[0].size or "", *map(str, row)] if by_row else map(str, row))
        raise DataError(
            f"input {tensor.name!r} is {tensor.dtype}[{wanted}], and its data is of shape {list(array.shape)}"
        )
    if by_row and len(array) == 0:
        raise DataError(f"input {tensor.name!r}: its data has no rows")
    return _typed(tensor, array).reshape((len(array), *row) if by_row else row)


def _typed(tensor: Tensor, array: Array) -> Array:
    dtype = DTYPES[tensor.dtype]
    if array.dtype.kind not in ("biuf" if dtype.kind == "f" else "biu"):
        kind = "numbers" if dtype.kind == "f" else "whole numbers"
        raise DataError(
            f"input {tensor.name!r} is {tensor.dtype}: its data has to be {kind}, not {array.dtype}"
        )
    if dtype.kind != "f" and array.size > 0:
        values: Any = array
        low, high = _range(tensor)
        if values.min() < low or values.max() > high:
            raise DataError(
                f"input {tensor.name!r} is {tensor.dtype}, from {low} to {high}, and its data goes"
                f" from {values.min()} to {values.max()}"
            )
    return array if array.dtype == dtype else array.astype(dtype)


def _range(tensor: Tensor) -> tuple[int, int]:
    """The least and the largest value of an input of whole numbers or truth values."""
    if tensor.below is not None:
        return 0, tensor.below - 1
    dtype = DTYPES[tensor.dtype]
    return (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
