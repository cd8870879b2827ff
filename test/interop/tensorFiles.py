"""Files of Python's safetensors, and what Python reads in ours.

    python tensorFiles.py types FILE      writes a tensor of each type; prints them as JSON
    python tensorFiles.py layers FILE     writes weights of layers, inputs, and their outputs
    python tensorFiles.py read FILE       prints the tensors and texts of a file as JSON
"""

import json
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


def types(path):
    torch.manual_seed(1)
    tensors = {}
    for name, dtype in TYPES.items():
        values = torch.randn(3, 5, dtype=torch.float64) * 40
        if name == "BOOL":
            values = values > 0
        elif not dtype.is_floating_point:
            values = values.round().abs()
        tensors[f"a.{name} \u00e4"] = values.to(dtype)
    tensors["special"] = torch.tensor([float("inf"), -0.0, 6e-8, 65504.0], dtype=torch.float16)
    tensors["empty"] = torch.zeros(0, 4)
    tensors["scalar"] = torch.tensor(3.5)
    save_file(tensors, path, metadata={"format": "pt", "note": "\u00fc \"quoted\""})
    print(json.dumps({name: printed(tensor) for name, tensor in tensors.items()}))


def layers(path):
    torch.manual_seed(2)
    made = {
        "dense": nn.Linear(4, 4),
        "wide": nn.Linear(4, 6, bias=False),
        "conv": nn.Conv2d(3, 4, (2, 3)),
        "grouped": nn.Conv2d(4, 4, 2, groups=2),
        "up": nn.ConvTranspose2d(3, 2, 2, stride=2),
        "layer_norm": nn.LayerNorm(4),
        "batch_norm": nn.BatchNorm2d(3),
        "table": nn.Embedding(5, 4),
        "lstm": nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True),
        "gru": nn.GRU(4, 3, batch_first=True),
        "attention": nn.MultiheadAttention(4, 2, batch_first=True),
        "cross": nn.MultiheadAttention(4, 2, kdim=6, vdim=6, batch_first=True),
    }
    rows, image = torch.randn(2, 3, 4), torch.randn(2, 3, 4, 5)
    other, filters = torch.randn(2, 5, 6), torch.randn(2, 4, 3, 3)
    for layer in made.values():
        for tensor in layer.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.randn_like(tensor).abs() / 2)
        layer.eval()
    apart = {"conv": image, "grouped": filters, "up": image, "batch_norm": image}
    tensors = {"in.rows": rows, "in.image": image, "in.other": other, "in.filters": filters}
    with torch.no_grad():
        for name, layer in made.items():
            if name == "table":
                result = layer(torch.tensor([[0, 1, 4], [2, 2, 3]]))
            elif name == "attention":
                result = layer(rows, rows, rows)
            elif name == "cross":
                result = layer(rows, other, other)
            else:
                result = layer(apart.get(name, rows))
            tensors[f"out.{name}"] = result[0] if isinstance(result, tuple) else result
            tensors.update({f"model.{name}.{key}": value for key, value in layer.state_dict().items()})
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)


def read(path):
    with safe_open(path, framework="pt") as file:
        tensors = {name: printed(file.get_tensor(name)) for name in file.keys()}
        print(json.dumps({"tensors": tensors, "metadata": file.metadata()}))


def printed(tensor):
    """Values as texts, which have infinities."""
    values = tensor.flatten().to(torch.float64).tolist()
    return {"dtype": str(tensor.dtype), "shape": list(tensor.shape), "values": [repr(value) for value in values]}


{"types": types, "layers": layers, "read": read}[sys.argv[1]](sys.argv[2])
