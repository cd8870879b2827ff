"""Training steps of PyTorch, eager: torch_steps.py FOLDER THREADS, with what task.ts wrote.

Each line of input is a count of steps; each line of output says what they took. Batches lie in memory, pixels as floats.
"""

import json
import sys
import time
from pathlib import Path

import numpy
import torch
from torch_models import models, named

folder, threads = Path(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(threads)
task = json.loads((folder / "task.json").read_text())


def batch_of(k: int) -> dict[str, torch.Tensor]:
    return {given["name"]: array(given, k) for given in task["inputs"]}


def array(given: dict, k: int) -> torch.Tensor:
    name, dtype = given["name"], given["dtype"]
    kind = {"u8": numpy.uint8, "i32": numpy.int32}[dtype]
    values = numpy.fromfile(folder / f"{name}{k}.{dtype}", dtype=kind).reshape(given["shape"])
    # Bytes are pixels; integers are indices, which PyTorch takes as long ones.
    if dtype == "u8":
        return torch.from_numpy(values.astype(numpy.float32) / numpy.float32(255))
    return torch.from_numpy(values.astype(numpy.int64))


batches = [batch_of(k) for k in range(task["batches"])]

model = models[task["workload"]]()
own = dict(named(model))
shapes = {name: list(parameter.shape) for name, parameter in own.items()}
if shapes != {p["name"]: p["shape"] for p in task["parameters"]}:
    sys.exit(f"{task['workload']} has other parameters in PyTorch: {shapes}")
for given in task["parameters"]:
    values = numpy.fromfile(folder / given["file"], dtype=numpy.float32).reshape(given["shape"])
    with torch.no_grad():
        own[given["name"]].copy_(torch.from_numpy(values))

parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
asked = task["optimizer"]
kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
optimizer = kinds[asked["kind"]](parameters, **asked["options"])
clip = asked.get("clipGlobalNorm")

taken = 0
for line in sys.stdin:
    count = int(line)
    losses = []
    begin = time.perf_counter()
    for _ in range(count):
        optimizer.zero_grad(set_to_none=True)
        loss = model(**batches[taken % task["batches"]])
        loss.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(parameters, clip)
        optimizer.step()
        losses.append(loss.detach())
        taken += 1
    milliseconds = 1000 * (time.perf_counter() - begin)
    mean = torch.stack(losses).mean().item()
    print(json.dumps({"milliseconds": milliseconds, "loss": mean}), flush=True)
