"""What outputs come to over many steps, as Sinter's sessions add them up: in float64, step by step."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .artifact import Tensor
from .batches import Batch
from .errors import DataError
from .program import cut


class Tally:
    """Sums of outputs: floats are weighed by the rows of their steps, integers and truth values are added."""

    def __init__(self, outputs: Sequence[Tensor], weight: int = 0, sums: str = "") -> None:
        """`weight` rows were done before, of which `sums` tells.

        Raises DataError for an output that batches cut elsewhere than at its end.
        """
        for output in outputs:
            for k, dim in enumerate(output.dims):
                if k > 0 and dim.size is not None:
                    raise DataError(
                        f"output {output.name!r} is bounded in dimension {k}, so that batches do not add up:"
                        " an entry without it can be evaluated"
                    )
        self.outputs = outputs
        self._weight = weight
        before = [float(text) for text in sums.split(",")] if weight and sums else []
        self._sums = [
            np.full(() if _by_row(output) else output.shape, before[k] if k < len(before) else 0.0)
            for k, output in enumerate(outputs)
        ]
        self._rows: list[list[Array]] = [[] for _ in outputs]

    def add(self, values: Sequence[Array], batch: Batch) -> str | None:
        """Adds a step. Gives the name of a scalar that is NaN, where one is."""
        self._weight += batch.weight
        nan = None
        for k, (output, value) in enumerate(zip(self.outputs, values, strict=True)):
            if _by_row(output):
                self._rows[k].append(cut(value, output.dims, batch.live))
                continue
            number: Any = value
            self._sums[k] = self._sums[k] + np.float64(batch.weight if output.dtype == "f32" else 1) * number
            if not output.dims and np.isnan(number) and nan is None:
                nan = output.name
        return nan

    def scalars(self) -> dict[str, float]:
        """Scalar outputs so far: means of floats over rows, sums of integers."""
        return {
            output.name: float(self._sums[k]) / self._divisor(output)
            for k, output in enumerate(self.outputs)
            if not output.dims
        }

    def arrays(self) -> dict[str, Array]:
        """Outputs that are not scalars: rows one after the other, others as scalars are."""
        arrays: dict[str, Array] = {}
        for k, output in enumerate(self.outputs):
            if _by_row(output):
                arrays[output.name] = np.concatenate(self._rows[k])
            elif output.dims:
                means: NDArray[np.float64] = self._sums[k] / self._divisor(output)
                arrays[output.name] = means.astype(np.float32) if output.dtype == "f32" else means
        return arrays

    def sums(self) -> str:
        """The sums of scalars, as a checkpoint keeps them."""
        return ",".join(
            _number(float(self._sums[k])) for k, output in enumerate(self.outputs) if not output.dims
        )

    def _divisor(self, output: Tensor) -> int:
        return self._weight if output.dtype == "f32" else 1


def _by_row(output: Tensor) -> bool:
    return bool(output.dims) and output.dims[0].size is not None


def _number(value: float) -> str:
    """A number as JavaScript reads it."""
    if value != value:
        return "NaN"
    return repr(value).replace("inf", "Infinity")
