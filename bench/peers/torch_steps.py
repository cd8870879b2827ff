"""Training steps of PyTorch, eager: torch_steps.py FOLDER THREADS, with what task.ts wrote.

Each line of input is a count of steps; each line of output says what they took. Batches lie in memory as floats.
"""

import json
import sys
import time
from pathlib import Path

import numpy
import torch

folder, threads = Path(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(threads)
task = json.loads((folder / "task.json").read_text())


def floats(name: str, shape: list[int]) -> torch.Tensor:
    return torch.from_numpy(numpy.fromfile(folder / name, dtype=numpy.float32).reshape(shape))


def labels(name: str) -> torch.Tensor:
    return torch.from_numpy(numpy.fromfile(folder / name, dtype=numpy.uint8).astype(numpy.int64))


xs = [floats(f"x{k}.f32", [task["batch"], task["pixels"]]) for k in range(task["batches"])]
ys = [labels(f"y{k}.u8") for k in range(task["batches"])]

layers: list[torch.nn.Module] = []
values = [floats(p["file"], p["shape"]) for p in task["parameters"]]
for weight, bias in zip(values[::2], values[1::2]):
    dense = torch.nn.Linear(*weight.shape)
    with torch.no_grad():
        # A Linear layer holds its weight as [out, in].
        dense.weight.copy_(weight.T)
        dense.bias.copy_(bias)
    layers += [dense, torch.nn.ReLU()]
model = torch.nn.Sequential(*layers[:-1])
loss_of = torch.nn.CrossEntropyLoss()

given = task["optimizer"]
if given["kind"] == "adam":
    betas = (given["beta1"], given["beta2"])
    optimizer = torch.optim.Adam(model.parameters(), lr=given["lr"], betas=betas, eps=given["eps"])
else:
    optimizer = torch.optim.SGD(model.parameters(), lr=given["lr"])

taken = 0
for line in sys.stdin:
    count = int(line)
    losses = []
    begin = time.perf_counter()
    for _ in range(count):
        k = taken % task["batches"]
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(xs[k]), ys[k])
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
        taken += 1
    milliseconds = 1000 * (time.perf_counter() - begin)
    mean = torch.stack(losses).mean().item()
    print(json.dumps({"milliseconds": milliseconds, "loss": mean}), flush=True)
