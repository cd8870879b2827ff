"""PyTorch's samples of operations, with values, gradients and second gradients, as lines of JSON.

    python samples.py OPERATION...

For each name, which is one of `torch.testing`'s database of operations, one line with a list of samples: its arguments, the
results, and, where its results have a gradient, `g`, the gradients in its float arguments of the sum of results times
weights, and `h`, those of the sum of all squares of `g`. Floats are float64, of values that float32 has. Integers are int64.
"""

import json
import math
import sys
import warnings

import torch
from torch.testing._internal.common_methods_invocations import op_db

MOST_ELEMENTS = 2000
MOST_SAMPLES = 24


def main():
    warnings.simplefilter("ignore")
    torch.set_default_dtype(torch.float64)
    known = {}
    for op in op_db:
        known.setdefault(op.name, []).append(op)
    for name in sys.argv[1:]:
        torch.manual_seed(1)
        samples = [sample for op in known[name] for sample in samples_of(op)]
        print(json.dumps({"operation": name, "samples": samples}, allow_nan=False), flush=True)


def samples_of(op):
    """Samples of float64, of int64 and of bool, as far as the operation takes them: some of each kind, spread over all."""
    for dtype in (torch.float64, torch.int64, torch.bool):
        if not op.supports_dtype(dtype, "cpu"):
            continue
        has_gradient = dtype == torch.float64 and op.supports_autograd
        encoded = []
        for sample in op.sample_inputs("cpu", dtype, requires_grad=has_gradient):
            line = encoded_sample(op, sample, has_gradient)
            if line is not None:
                encoded.append(line)
        step = max(1, math.ceil(len(encoded) / MOST_SAMPLES))
        yield from encoded[::step]


def encoded_sample(op, sample, has_gradient):
    sample = sample.transform(lambda x: float32_values(x, has_gradient))
    leaves = []
    given = [sample.input, *sample.args]
    try:
        arguments = encoded([given, sample.kwargs], leaves)
    except TypeError:
        return None
    if any(leaf.numel() > MOST_ELEMENTS for leaf in leaves):
        return None
    results = tensors_of(op(*given, **sample.kwargs))
    if results is None or any(result.numel() > MOST_ELEMENTS or result.is_complex() for result in results):
        return None
    line = {
        "variant": op.variant_test_name,
        "arguments": arguments[0],
        "options": arguments[1],
        "inputs": [encoded_tensor(leaf) for leaf in leaves],
        "results": [encoded_tensor(result) for result in results],
    }
    smooth = [result for result in results if result.requires_grad]
    if not smooth:
        return line
    wrt = [leaf for leaf in leaves if leaf.requires_grad]
    total = sum((result * weights_like(result)).sum() for result in smooth)
    g = torch.autograd.grad(total, wrt, create_graph=True, allow_unused=True)
    line["g"] = in_places(g, leaves)
    squares = [x.square().sum() for x in g if x is not None and x.requires_grad]
    if op.supports_gradgrad and squares:
        try:
            h = torch.autograd.grad(sum(squares), wrt, allow_unused=True)
        except (RuntimeError, NotImplementedError):
            return line
        line["h"] = in_places(h, leaves)
    return line


def in_places(gradients, leaves):
    """Gradients in the leaves that require one, at the places of all."""
    rest = iter(gradients)
    own = [next(rest) if leaf.requires_grad else None for leaf in leaves]
    return [None if x is None else encoded_tensor(x) for x in own]


def float32_values(x, has_gradient):
    if not torch.is_tensor(x):
        return x
    if not x.is_floating_point():
        return x.detach().clone()
    return x.detach().float().double().clone().requires_grad_(has_gradient and x.requires_grad)


def weights_like(x):
    """Irregular weights for results: those of the tests in TypeScript are the same."""
    count = torch.arange(x.numel(), dtype=torch.float64)
    return (((count * 7) % 5) / 4 + 0.5).reshape(x.shape)


def tensors_of(value):
    if torch.is_tensor(value):
        return [value]
    if isinstance(value, (list, tuple)) and all(torch.is_tensor(x) for x in value):
        return list(value)
    return None


def encoded(value, leaves):
    """An argument: a tensor as its place among `leaves`. TypeError where it has no such form."""
    if torch.is_tensor(value):
        if value.is_complex() or value.is_sparse:
            raise TypeError
        leaves.append(value)
        return {"tensor": len(leaves) - 1}
    if isinstance(value, (list, tuple)):
        return [encoded(x, leaves) for x in value]
    if isinstance(value, dict):
        return {key: encoded(x, leaves) for key, x in value.items()}
    if isinstance(value, torch.dtype):
        return str(value)
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return number(value)
    raise TypeError


def encoded_tensor(x):
    # A tensor of zeros that was never allocated has no elements to read.
    x = torch.zeros(x.shape, dtype=x.dtype) if x._is_zerotensor() else x.detach()
    dtype = "f32" if x.is_floating_point() else "bool" if x.dtype == torch.bool else "i32"
    values = x.to(torch.float64) if dtype == "f32" else x.to(torch.int64)
    return {"shape": list(x.shape), "dtype": dtype, "data": [number(v) for v in values.flatten().tolist()]}


def number(x):
    return x if isinstance(x, int) or math.isfinite(x) else str(x)


if __name__ == "__main__":
    main()
