"""Devices as a grid: the mesh of an artifact, with other sizes where the command line gives them."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from .artifact import Artifact, Sharding, Tensor
from .errors import MeshError, listed


@dataclass(frozen=True)
class Placement:
    """Where inputs and states lie: over which devices, and how they are spread."""

    mesh: Mesh
    shardings: Mapping[str, Sharding]
    """Of inputs and states by name; how those that are not in it are spread XLA finds out."""

    @property
    def whole(self) -> NamedSharding:
        """Whole on each device."""
        return NamedSharding(self.mesh, PartitionSpec())

    def of(self, tensor: Tensor) -> NamedSharding | None:
        """How an input or a state is spread; None where nobody said."""
        if self.mesh.size == 1:
            return self.whole
        sharding = self.shardings.get(tensor.name)
        return None if sharding is None else NamedSharding(self.mesh, PartitionSpec(*sharding))


def placement(artifact: Artifact, sizes: Mapping[str, int] | None = None) -> Placement:
    """Spreads an artifact over the devices that there are.

    `sizes` replaces those of the artifact's axes; without it an artifact that declares a mesh has its own sizes, and one
    that declares none runs on one device. One that declares none may be given one axis, whatever its name: then the rows of
    a batch are spread over it, which are the first dimensions that are bounded.

    Raises MeshError for an axis that there is not, for one that does not divide a dimension, naming the input or state, and
    where there are fewer devices than the mesh has, or none that JAX can use.
    """
    axes = _axes(artifact, sizes or {})
    shardings = _shardings(artifact, axes)
    count = prod(axes.values())
    try:
        devices = jax.devices()
    except RuntimeError as error:
        raise MeshError(f"JAX finds no devices: {error}") from error
    if count > len(devices):
        mesh = ", ".join(f"{name}={size}" for name, size in axes.items())
        there = f"{len(devices)} device{'' if len(devices) == 1 else 's'} ({devices[0].platform})"
        raise MeshError(
            f"the mesh {mesh} has {count} devices, and there {'is' if len(devices) == 1 else 'are'} {there}"
        )
    if jax.process_count() > 1 and count != len(devices):
        raise MeshError(
            f"the {jax.process_count()} processes have {len(devices)} devices, and the mesh {count}:"
            " each process has to have a part of it"
        )
    grid = np.array(devices[:count]).reshape(tuple(axes.values()))
    return Placement(Mesh(grid, tuple(axes)), shardings)


def _axes(artifact: Artifact, sizes: Mapping[str, int]) -> dict[str, int]:
    if artifact.axes is None:
        if len(sizes) > 1:
            raise MeshError(
                f"{artifact.module} declares no mesh, so it can be spread over one axis, by the rows of its batches,"
                f" and not over {listed(list(sizes))}: declare it with m.mesh and m.shard"
            )
        return dict(sizes) or {"data": 1}
    axes = dict(artifact.axes)
    for name, size in sizes.items():
        if name not in axes:
            raise MeshError(
                f"{artifact.module} has no axis {name!r} in its mesh; there are {listed(list(axes))}"
            )
        axes[name] = size
    return axes


def _shardings(artifact: Artifact, axes: Mapping[str, int]) -> dict[str, Sharding]:
    shardings: dict[str, Sharding] = {}
    for kind, tensors in (("input", artifact.inputs), ("state", artifact.states)):
        for tensor in tensors:
            sharding = tensor.sharding
            if artifact.axes is None and tensor.dims and tensor.dims[0].size is not None:
                sharding = (next(iter(axes)), *(None for _ in tensor.dims[1:]))
            if sharding is None:
                continue
            for k, (axis, dim) in enumerate(zip(sharding, tensor.dims, strict=True)):
                if axis is not None and dim.extent % axes[axis] != 0:
                    raise MeshError(
                        f"the {axes[axis]} devices of axis {axis!r} do not divide dimension {k} of {kind} {tensor.name!r},"
                        f" which is {dim.extent}"
                    )
            shardings[tensor.name] = sharding
    return shardings
