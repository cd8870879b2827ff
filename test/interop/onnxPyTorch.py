"""A network of PyTorch's as an ONNX file, and how PyTorch trains it.

    python onnxPyTorch.py MODEL OUT

MODEL becomes the file, of an input `image`, whose first dimension is `batch`, and an output `logits`. OUT becomes a safetensors file:
`image` and `labels` of a batch, `logits` before any step, and `losses`, those of steps of gradient descent on that batch.
"""

import sys
import warnings

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

STEPS, RATE = 10, 0.1


class Network(nn.Module):
    """Convolutions, an attention block over what they see, and a dense layer."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, stride=2, padding=1, groups=2)
        self.norm = nn.LayerNorm(16)
        self.qkv = nn.Linear(16, 48)
        self.projection = nn.Linear(16, 16)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(16, 5)

    def forward(self, image):
        x = F.gelu(self.conv2(F.relu(self.conv1(image))))
        x = x.flatten(2).transpose(1, 2)
        batch, tokens, width = x.shape
        queries, keys, values = (
            part.view(batch, tokens, 2, width // 2).transpose(1, 2)
            for part in self.qkv(self.norm(x)).chunk(3, dim=-1)
        )
        scores = queries @ keys.transpose(-2, -1) / (width // 2) ** 0.5
        seen = (scores.softmax(-1) @ values).transpose(1, 2).reshape(batch, tokens, width)
        x = x + self.dropout(self.projection(seen))
        return self.head(x.mean(1))


def main(path, out):
    warnings.simplefilter("ignore")
    torch.manual_seed(1)
    network = Network().eval()
    image, labels = torch.randn(6, 3, 16, 16), torch.randint(0, 5, (6,))
    torch.onnx.export(
        network,
        (image[:2],),
        path,
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
        opset_version=18,
        # The other exporter needs a package more.
        dynamo=False,
    )
    with torch.no_grad():
        logits = network(image)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(network(image), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    tensors = {"image": image, "labels": labels.int(), "logits": logits, "losses": torch.tensor(losses)}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, out)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
