"""What ONNX Runtime computes of a file.

    python onnxModels.py MODEL OUT INPUTS

INPUTS is JSON: of each input its shape, and `below` for whole numbers from 0 up to below that; others are normal floats. OUT becomes
a safetensors file of the inputs, `in.NAME`, and of the outputs, `out.NAME`.
"""

import json
import sys

import numpy as np
import onnxruntime
from safetensors.numpy import save_file

TYPES = {"tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(float)": np.float32}


def main(path, out, inputs):
    generator = np.random.default_rng(0)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    types = {one.name: TYPES[one.type] for one in session.get_inputs()}
    given = {
        name: (
            generator.integers(0, how["below"], how["shape"])
            if "below" in how
            else generator.standard_normal(how["shape"])
        ).astype(types[name])
        for name, how in inputs.items()
    }
    results = session.run(None, given)
    tensors = {f"in.{name}": value.astype(np.int32 if value.dtype == np.int64 else value.dtype) for name, value in given.items()}
    for one, value in zip(session.get_outputs(), results):
        tensors[f"out.{one.name}"] = np.ascontiguousarray(value, dtype=np.float32)
    save_file(tensors, out)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
