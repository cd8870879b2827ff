"""A program at work: the states of an artifact on devices, and the entries that step them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import jax
import numpy as np

from .arrays import DTYPES, Array
from .artifact import Artifact, Dim, Entry, Tensor
from .compile import Compiled, compiled
from .errors import OptionError, listed
from .mesh import Placement


@dataclass
class Step:
    """What an entry gave in a step: its outputs, which may still be under way, and what was alive."""

    outputs: tuple[jax.Array, ...]
    live: Mapping[str, int]


@dataclass
class Program:
    """States on the devices of a mesh. `values` has the first ones, as arrays of the host."""

    artifact: Artifact
    place: Placement
    values: Mapping[str, Array]
    states: dict[str, jax.Array] = field(init=False)
    _compiled: dict[str, Compiled] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.states = {
            state.name: self.spread(state, self.values[state.name]) for state in self.artifact.states
        }
        self.values = {}

    def spread(self, tensor: Tensor, values: Array) -> jax.Array:
        """An array of the host on the devices, each of which is given its part alone. Fewer rows are filled up with zeros."""
        shape = tensor.shape
        if values.shape != shape:
            whole = np.zeros(shape, values.dtype)
            whole[: len(values)] = values
            values = whole
        return jax.make_array_from_callback(shape, self.place.of(tensor), lambda part: values[part])

    def compile(self, entry: Entry) -> Compiled:
        """The entry as XLA compiled it, once."""
        if entry.name not in self._compiled:
            self._compiled[entry.name] = compiled(self.artifact, entry, self.place)
        return self._compiled[entry.name]

    def step(
        self,
        entry: Entry,
        inputs: Mapping[str, Array],
        live: Mapping[str, int],
        params: Mapping[str, float],
        number: int,
    ) -> Step:
        """Runs an entry once, and updates the states. It does not wait for the devices.

        `inputs` has the rows of each input, `live` the extent of each bounded size, `number` is that of the step, from 1.
        """
        by_name = {tensor.name: tensor for tensor in self.artifact.inputs}
        dtypes = {param.name: DTYPES[param.dtype] for param in self.artifact.params}
        scalars = {**params, "step": number}
        values: list[jax.Array | Array] = []
        for argument in entry.arguments:
            match argument.kind:
                case "state":
                    values.append(self.states[argument.name])
                case "input":
                    values.append(self.spread(by_name[argument.name], inputs[argument.name]))
                case "param":
                    values.append(self._scalar(scalars[argument.name], dtypes[argument.name]))
                case "size":
                    values.append(self._scalar(live[argument.name], np.dtype(np.int32)))
        results = self.compile(entry)(*values)
        count = len(entry.updates)
        self.states.update(zip(entry.updates, results[:count], strict=True))
        return Step(tuple(results[count:]), live)

    def read(self) -> dict[str, Array]:
        """All states as arrays of the host, whole, in the order of the artifact."""
        names = [state.name for state in self.artifact.states]
        whole = jax.jit(lambda *states: states, out_shardings=self.place.whole)
        gathered = whole(*(self.states[name] for name in names))
        return {name: host(value) for name, value in zip(names, gathered, strict=True)}

    def _scalar(self, value: float, dtype: np.dtype[np.generic]) -> jax.Array:
        return jax.make_array_from_callback((), self.place.whole, lambda _: np.asarray(value, dtype))


def host(value: jax.Array) -> Array:
    """An array that is whole on each device, as one of the host; waits for it."""
    return np.asarray(value.addressable_data(0))


def cut(value: Array, dims: tuple[Dim, ...], live: Mapping[str, int]) -> Array:
    """What is alive of a result."""
    return value[tuple(slice(None if dim.size is None else dim.factor * live[dim.size]) for dim in dims)]


def scalars(artifact: Artifact, given: Mapping[str, float]) -> dict[str, float]:
    """Run-time scalars by name: their initial values, or those that are given.

    Raises OptionError for one that there is not, one that is set by itself, and a value that its type has not.
    """
    params = {param.name: param for param in artifact.params if param.name != "step"}
    for name, value in given.items():
        if name not in params:
            raise OptionError(
                f"{artifact.module} has no run-time scalar {name!r} to set; there are {listed(list(params))}"
            )
        dtype = params[name].dtype
        limits = {"i32": (-(2**31), 2**31 - 1), "u32": (0, 2**32 - 1)}.get(dtype)
        if value != value or (limits and not (value == int(value) and limits[0] <= value <= limits[1])):
            raise OptionError(f"{name} is {value}: it must be a number that {dtype} has")
    return {name: given.get(name, param.initial) for name, param in params.items()}
