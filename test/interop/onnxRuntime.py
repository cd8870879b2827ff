"""Checks models with onnx and runs them with ONNX Runtime: a line of JSON on standard input is a request, one on output its answer."""

import base64
import json
import sys

import numpy as np
import onnx
import onnxruntime


def main():
    onnxruntime.set_default_logger_severity(3)
    sessions = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = handle(sessions, request)
        except Exception as error:  # The test says what it was.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def handle(sessions, request):
    key = request["model"]
    match request["do"]:
        case "load":
            data = base64.b64decode(request["bytes"])
            onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
            sessions[key] = session
            return {"inputs": [value.name for value in session.get_inputs()]}
        case "run":
            session = sessions[key]
            feeds = {name: array(given) for name, given in request["feeds"].items()}
            names = [value.name for value in session.get_outputs()]
            values = session.run(names, feeds)
            return {"outputs": dict(zip(names, map(tensor, values), strict=True))}
        case "close":
            sessions.pop(key, None)
            return {}


def array(given):
    data = np.frombuffer(base64.b64decode(given["data"]), given["dtype"])
    return data.reshape(given["shape"])


def tensor(value):
    value = np.asarray(value)
    data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    return {"dtype": value.dtype.name, "shape": list(value.shape), "data": data}


main()
