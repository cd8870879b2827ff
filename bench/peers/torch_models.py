"""The workloads as PyTorch has them: `models[name]()` is a module whose inputs are the workload's and which gives the loss.

`torch_models.py` prints their parameters as Sinter names and stores them; parameters.json holds what it prints.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional


def named(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Parameters under Sinter's names, as it stores them: weights of dense layers are [in, out]."""
    for path, module in model.named_modules():
        if isinstance(module, nn.Linear):
            yield f"{path}.weight", module.weight.T
            yield f"{path}.bias", module.bias
        elif isinstance(module, nn.Embedding):
            yield path, module.weight
        elif isinstance(module, nn.LSTM):
            yield "input.weight", module.weight_ih_l0.T
            yield "input.bias", module.bias_ih_l0
            yield "recurrent.weight", module.weight_hh_l0.T
        else:
            for name, parameter in module.named_parameters(recurse=False):
                yield f"{path}.{name}" if path else name, parameter


class Perceptron(nn.Module):
    """W1 and W2."""

    def __init__(self, **widths: int) -> None:
        super().__init__()
        before = 784
        for name, width in widths.items():
            self.add_module(name, nn.Linear(before, width))
            before = width
        self.output = nn.Linear(before, 10)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        *hidden, output = self.children()
        for layer in hidden:
            x = layer(x).relu()
        return functional.cross_entropy(output(x), y)


class Convolutional(nn.Module):
    """W3."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.hidden = nn.Linear(64 * 7 * 7, 128)
        self.output = nn.Linear(128, 10)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h = functional.max_pool2d(self.conv1(x.view(-1, 1, 28, 28)).relu(), 2)
        h = functional.max_pool2d(self.conv2(h).relu(), 2)
        h = self.hidden(h.flatten(1)).relu()
        return functional.cross_entropy(self.output(h), y)


class Block(nn.Module):
    """A layer of W5."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        parts = self.qkv(self.norm1(x)).view(batch, tokens, 3, self.heads, -1)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.projection(mixed.transpose(1, 2).reshape(x.shape))
        return x + self.down(functional.gelu(self.up(self.norm2(x))))


class Gpt(nn.Module):
    """W5."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Embedding(65, 128)
        self.position = nn.Parameter(torch.empty(64, 128))
        self.block1 = Block(128, 4)
        self.block2 = Block(128, 4)
        self.norm = nn.LayerNorm(128)
        self.output = nn.Linear(128, 65)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h = self.block2(self.block1(self.token(x) + self.position))
        return functional.cross_entropy(self.output(self.norm(h)).flatten(0, 1), y.flatten())


class Convolved(nn.Sequential):
    """A convolution with batch normalisation."""

    def __init__(self, inputs: int, filters: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            inputs, filters, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False
        )
        self.norm = nn.BatchNorm2d(filters)


class ResNet(nn.Module):
    """W6."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolved(3, 64, 3)
        before = 64
        for k, filters in enumerate([64, 64, 128, 128, 256, 256, 512, 512], 1):
            stride = 1 if filters == before else 2
            self.add_module(f"block{k}a", Convolved(before, filters, 3, stride))
            self.add_module(f"block{k}b", Convolved(filters, filters, 3))
            if stride == 2:
                self.add_module(f"block{k}s", Convolved(before, filters, 1, stride))
            before = filters
        self.output = nn.Linear(512, 10)
        layers = dict(self.named_children())
        self.blocks = [[layers.get(f"block{k}{part}") for part in "abs"] for k in range(1, 9)]

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h = self.stem(x).relu()
        for first, second, straight in self.blocks:
            h = (second(first(h).relu()) + (h if straight is None else straight(h))).relu()
        return functional.cross_entropy(self.output(h.mean((2, 3))), y)


class Lstm(nn.Module):
    """W7."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Embedding(65, 128)
        self.lstm = nn.LSTM(128, 128, batch_first=True)
        # It has two biases, of which one is enough.
        self.lstm.bias_hh_l0.requires_grad_(False).zero_()
        self.output = nn.Linear(128, 65)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h, _ = self.lstm(self.token(x))
        return functional.cross_entropy(self.output(h).flatten(0, 1), y.flatten())


class Word2vec(nn.Module):
    """W8. Its gradients are sparse: what PyTorch offers for tables of which a step reads a small part."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(10_000, 128, sparse=True)
        self.contexts = nn.Embedding(10_000, 128, sparse=True)

    def forward(self, word: Tensor, right: Tensor, wrong: Tensor) -> Tensor:
        words = self.words(word)
        near = (words * self.contexts(right)).sum(-1)
        far = (words.unsqueeze(1) * self.contexts(wrong)).sum(-1)
        return (functional.softplus(-near) + functional.softplus(far).sum(-1)).mean()


class Residual(nn.Module):
    """An inverted residual of W9."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        inside = 4 * inputs
        self.expand = Convolved(inputs, inside, 1)
        self.depthwise = Convolved(inside, inside, 3, stride, groups=inside)
        self.project = Convolved(inside, filters, 1)
        self.is_residual = stride == 1 and inputs == filters

    def forward(self, x: Tensor) -> Tensor:
        h = functional.relu6(self.depthwise(functional.relu6(self.expand(x))))
        return self.project(h) + x if self.is_residual else self.project(h)


class MobileNet(nn.Module):
    """W9."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolved(3, 16, 3)
        self.block1 = Residual(16, 24, 2)
        self.block2 = Residual(24, 24, 1)
        self.block3 = Residual(24, 32, 2)
        self.output = nn.Linear(32, 10)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h = self.block3(self.block2(self.block1(functional.relu6(self.stem(x)))))
        return functional.cross_entropy(self.output(h.mean((2, 3))), y)


models: dict[str, Callable[[], nn.Module]] = {
    "w1": lambda: Perceptron(hidden=128),
    "w2": lambda: Perceptron(hidden1=512, hidden2=512),
    "w3": Convolutional,
    "w5": Gpt,
    "w6": ResNet,
    "w7": Lstm,
    "w8": Word2vec,
    "w9": MobileNet,
}

if __name__ == "__main__":
    texts = []
    for name, model in models.items():
        shapes = [f'    "{label}": {list(parameter.shape)}' for label, parameter in named(model())]
        texts.append(f'  "{name}": {{\n' + ",\n".join(shapes) + "\n  }")
    print("{\n" + ",\n".join(texts) + "\n}")
