"""A small artifact, written by hand: linear regression by gradient descent with momentum."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from sinter_xla.artifact import load_artifact
from sinter_xla.checkpoint import Place, write_checkpoint

ROWS, WIDTH = 8, 4

_TRAIN = """
module @linear {
  func.func @main(%w: tensor<4xf32> {tf.aliasing_output = 0 : i32}, %m: tensor<4xf32> {tf.aliasing_output = 1 : i32},
      %even: tensor<i1> {tf.aliasing_output = 2 : i32}, %x: tensor<8x4xf32>, %y: tensor<8xf32>, %lr: tensor<f32>,
      %step: tensor<i32>, %batch: tensor<i32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<i1>, tensor<f32>, tensor<i32>) {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %zeros = stablehlo.constant dense<0.0> : tensor<8xf32>
    %rows = stablehlo.iota dim = 0 : tensor<8xi32>
    %live = stablehlo.broadcast_in_dim %batch, dims = [] : (tensor<i32>) -> tensor<8xi32>
    %is_live = stablehlo.compare LT, %rows, %live : (tensor<8xi32>, tensor<8xi32>) -> tensor<8xi1>
    %p = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
    %d = stablehlo.subtract %p, %y : tensor<8xf32>
    %e = stablehlo.select %is_live, %d, %zeros : tensor<8xi1>, tensor<8xf32>
    %ee = stablehlo.multiply %e, %e : tensor<8xf32>
    %sum = stablehlo.reduce(%ee init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
    %count = stablehlo.convert %batch : (tensor<i32>) -> tensor<f32>
    %loss = stablehlo.divide %sum, %count : tensor<f32>
    %g = stablehlo.dot_general %e, %x, contracting_dims = [0] x [0] : (tensor<8xf32>, tensor<8x4xf32>) -> tensor<4xf32>
    %counts = stablehlo.broadcast_in_dim %count, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %mean = stablehlo.divide %g, %counts : tensor<4xf32>
    %keep = stablehlo.constant dense<0.9> : tensor<4xf32>
    %old = stablehlo.multiply %m, %keep : tensor<4xf32>
    %new_m = stablehlo.add %old, %mean : tensor<4xf32>
    %rate = stablehlo.broadcast_in_dim %lr, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %change = stablehlo.multiply %new_m, %rate : tensor<4xf32>
    %new_w = stablehlo.subtract %w, %change : tensor<4xf32>
    %new_even = stablehlo.not %even : tensor<i1>
    return %new_w, %new_m, %new_even, %loss, %step : tensor<4xf32>, tensor<4xf32>, tensor<i1>, tensor<f32>, tensor<i32>
  }
}
"""

_PREDICT = """
module @linear {
  func.func @main(%w: tensor<4xf32>, %x: tensor<8x4xf32>, %batch: tensor<i32>) -> (tensor<8xf32>, tensor<i32>) {
    %p = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
    return %p, %batch : tensor<8xf32>, tensor<i32>
  }
}
"""

_BATCH = {"size": "batch"}


def manifest() -> dict[str, Any]:
    """The manifest, to be changed by tests."""
    return {
        "format": "sinter-stablehlo",
        "version": 1,
        "producer": "sinter 0.1.0",
        "module": "linear",
        "sizes": [{"name": "batch", "max": ROWS}],
        "mesh": None,
        "inputs": [
            {"name": "x", "shape": [_BATCH, WIDTH], "dtype": "f32"},
            {"name": "y", "shape": [_BATCH], "dtype": "f32"},
        ],
        "states": [
            {"name": "w", "shape": [WIDTH], "dtype": "f32", "trainable": True},
            {"name": "w.m", "shape": [WIDTH], "dtype": "f32", "trainable": False},
            {"name": "even", "shape": [], "dtype": "bool", "trainable": False},
        ],
        "params": [
            {"name": "lr", "dtype": "f32", "initial": 0.1},
            {"name": "step", "dtype": "i32", "initial": 1},
        ],
        "entries": [
            {
                "name": "train",
                "file": "train.mlir",
                "arguments": [
                    {"kind": "state", "name": "w", "donated": True},
                    {"kind": "state", "name": "w.m", "donated": True},
                    {"kind": "state", "name": "even", "donated": True},
                    {"kind": "input", "name": "x"},
                    {"kind": "input", "name": "y"},
                    {"kind": "param", "name": "lr"},
                    {"kind": "param", "name": "step"},
                    {"kind": "size", "name": "batch"},
                ],
                "results": [
                    {"kind": "state", "name": "w", "shape": [WIDTH], "dtype": "f32"},
                    {"kind": "state", "name": "w.m", "shape": [WIDTH], "dtype": "f32"},
                    {"kind": "state", "name": "even", "shape": [], "dtype": "bool"},
                    {"kind": "output", "name": "loss", "shape": [], "dtype": "f32"},
                    {"kind": "output", "name": "number", "shape": [], "dtype": "i32"},
                ],
            },
            {
                "name": "predict",
                "file": "predict.mlir",
                "arguments": [
                    {"kind": "state", "name": "w"},
                    {"kind": "input", "name": "x"},
                    {"kind": "size", "name": "batch"},
                ],
                "results": [
                    {"kind": "output", "name": "p", "shape": [_BATCH], "dtype": "f32"},
                    {"kind": "output", "name": "rows", "shape": [], "dtype": "i32"},
                ],
            },
        ],
        "weights": "weights.safetensors",
    }


def write(folder: Path, changed: dict[str, Any] | None = None) -> Path:
    """Writes the artifact, with a changed manifest where one is given."""
    folder.mkdir(exist_ok=True)
    (folder / "train.mlir").write_text(_TRAIN, encoding="utf-8")
    (folder / "predict.mlir").write_text(_PREDICT, encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps(manifest()), encoding="utf-8")
    artifact = load_artifact(folder)
    states = {
        "w": np.zeros(WIDTH, np.float32),
        "w.m": np.zeros(WIDTH, np.float32),
        "even": np.zeros((), np.bool_),
    }
    write_checkpoint(artifact, artifact.weights, states, Place())
    if changed is not None:
        (folder / "manifest.json").write_text(json.dumps(changed), encoding="utf-8")
    return folder


def data(rows: int = 20) -> dict[str, Any]:
    """Rows of a linear function with a little noise."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((rows, WIDTH)).astype(np.float32)
    y = x @ np.array([1, -2, 0.5, 3], np.float32) + 0.01 * rng.standard_normal(rows).astype(np.float32)
    return {"x": x, "y": y.astype(np.float32)}


def expected(x: Any, y: Any, orders: list[list[int]], lr: float = 0.1, live: int = ROWS) -> list[float]:
    """The losses of training in float64, over epochs with these orders of rows."""
    w, m = np.zeros(WIDTH), np.zeros(WIDTH)
    losses = []
    for order in orders:
        for start in range(0, len(order), live):
            rows = order[start : start + live]
            e = x[rows] @ w - y[rows]
            losses.append(float(np.mean(e * e)))
            m = 0.9 * m + x[rows].T @ e / len(rows)
            w = w - lr * m
    return losses
