"""Arrays of the host, and the element types of an artifact as NumPy's."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""An array of any element type."""

DTYPES: dict[str, np.dtype[Any]] = {
    "f32": np.dtype(np.float32),
    "i32": np.dtype(np.int32),
    "u32": np.dtype(np.uint32),
    "bool": np.dtype(np.bool_),
    "u8": np.dtype(np.uint8),
}
"""Element types by the names that a manifest has for them."""
