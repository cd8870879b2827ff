"""ONNX's own tests of its operators (`onnx.backend.test`), as lines of JSON.

    python onnxNodes.py FILE

Each line is a test: its name, its operators, the model's bytes, and arrays of inputs and outputs, in the order of the graph's:
element types by their numbers, shapes, and elements as float64, all in base64. Where an array is none of numbers, `why` says what it is
in place of the arrays.
"""

import base64
import json
import sys
import warnings

import numpy as np
import onnx
from onnx.backend.test.loader import load_model_tests

MOST_ELEMENTS = 2**20


class Other(Exception):
    """An array that is none of numbers."""


def main(path):
    warnings.simplefilter("ignore")
    with open(path, "w", encoding="utf-8") as file:
        for test in load_model_tests(kind="node"):
            file.write(json.dumps(line_of(test)) + "\n")


def line_of(test):
    model = test.model
    (inputs, outputs), *_ = test.data_sets
    line = {
        "name": test.name,
        "operators": sorted({node.op_type for node in model.graph.node}),
        "model": text(model.SerializeToString()),
        "rtol": test.rtol,
        "atol": test.atol,
    }
    try:
        arrays = {
            "inputs": [array(x, y) for x, y in zip(inputs, model.graph.input)],
            "outputs": [array(x, y) for x, y in zip(outputs, model.graph.output)],
        }
    except Other as other:
        return {**line, "why": str(other)}
    return {**line, **arrays}


def array(value, info):
    kind = info.type.WhichOneof("value")
    if kind != "tensor_type":
        raise Other(kind.removesuffix("_type"))
    elem = info.type.tensor_type.elem_type
    if isinstance(value, onnx.TensorProto):
        value = onnx.numpy_helper.to_array(value)
    value = np.asarray(value)
    if value.dtype.kind in "OUSc":
        raise Other("strings" if value.dtype.kind != "c" else "complex numbers")
    if value.size > MOST_ELEMENTS:
        raise Other("large arrays")
    return {"elem": elem, "shape": list(value.shape), "data": text(value.astype(np.float64).tobytes())}


def text(data):
    return base64.b64encode(data).decode("ascii")


if __name__ == "__main__":
    main(sys.argv[1])
