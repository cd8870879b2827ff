"""A program at work: the states of an artifact on devices, and the entries that step them."""

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import numpy as np
from jax.sharding import Sharding

from .arrays import DTYPES, Array
from .artifact import Artifact, Dim, Entry
from .compile import Executable, compiled
from .errors import OptionError, listed
from .mesh import Placement


@dataclass
class Step:
    """What an entry gave in a step: its outputs, which may still be under way, and what was alive."""

    outputs: tuple[jax.Array, ...]
    live: Mapping[str, int]


class Program:
    """The states of an artifact on the devices of a mesh, and its entries as XLA compiled them."""

    def __init__(self, artifact: Artifact, place: Placement, values: Mapping[str, Array]) -> None:
        """`values` has the first states by name, as arrays of the host."""
        self.artifact = artifact
        self.place = place
        self.states: dict[str, jax.Array | Array] = {}
        """Those of which it is not known how they are spread are arrays of the host."""
        self._spread: dict[str, Sharding] = {}
        self._compiled: dict[str, Executable] = {}
        for state in artifact.states:
            sharding = place.of(state)
            if sharding is not None:
                self._spread[state.name] = sharding
        self.load(values)

    def load(self, values: Mapping[str, Array]) -> None:
        """Gives all states other values."""
        for name in (state.name for state in self.artifact.states):
            value = values[name]
            self.states[name] = _placed(value, self._spread[name]) if name in self._spread else value

    def compile(self, entry: Entry) -> Executable:
        """The entry as XLA compiled it, once. States of which it found out how they are spread lie so from now on."""
        if entry.name not in self._compiled:
            executable = compiled(self.artifact, entry, self.place, self._spread)
            self._compiled[entry.name] = executable
            for argument, sharding in zip(entry.arguments, executable.shardings, strict=True):
                if argument.kind == "state" and argument.name not in self._spread:
                    self._spread[argument.name] = sharding
                    self.states[argument.name] = _placed(np.asarray(self.states[argument.name]), sharding)
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
        executable = self.compile(entry)
        shapes = {tensor.name: tensor.shape for tensor in self.artifact.inputs}
        dtypes = {param.name: DTYPES[param.dtype] for param in self.artifact.params}
        scalars = {**params, "step": number}
        values: list[jax.Array | Array] = []
        for argument, sharding in zip(entry.arguments, executable.shardings, strict=True):
            name = argument.name
            match argument.kind:
                case "state":
                    values.append(self.states[name])
                case "input":
                    values.append(_placed(_filled(inputs[name], shapes[name]), sharding))
                case "param":
                    values.append(_placed(np.asarray(scalars[name], dtypes[name]), sharding))
                case "size":
                    values.append(_placed(np.asarray(live[name], np.int32), sharding))
        results = executable.call(*values)
        count = len(entry.updates)
        self.states.update(zip(entry.updates, results[:count], strict=True))
        return Step(tuple(results[count:]), live)

    def read(self) -> dict[str, Array]:
        """All states as arrays of the host, whole, in the order of the artifact."""
        names = [state.name for state in self.artifact.states]
        placed = [name for name in names if name in self._spread]
        whole = jax.jit(lambda *states: states, out_shardings=self.place.whole)
        gathered = whole(*(self.states[name] for name in placed))
        found = {name: host(value) for name, value in zip(placed, gathered, strict=True)}
        return {name: found[name] if name in found else np.asarray(self.states[name]) for name in names}


def _placed(values: Array, sharding: Sharding) -> jax.Array:
    """An array of the host on devices: each is given its part alone, and of several processes each gives to its own."""
    return jax.make_array_from_callback(values.shape, sharding, lambda part: values[part])


def _filled(values: Array, shape: tuple[int, ...]) -> Array:
    """Rows with zeros behind them, as many as there may be."""
    if values.shape == shape:
        return values
    whole = np.zeros(shape, values.dtype)
    whole[: len(values)] = values
    return whole


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
        if value != value or (limits and not (limits[0] <= value <= limits[1] and value == int(value))):
            raise OptionError(f"{name} is {value}: it must be a number that {dtype} has")
    return {name: given.get(name, param.initial) for name, param in params.items()}
