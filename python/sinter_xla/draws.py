"""The order of rows, drawn as Sinter's sessions draw it: the same seed gives the same batches here and there."""

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]

_TURNS = ((17, 29, 16, 24), (13, 15, 26, 6))


def threefry(key0: int, key1: int, counter0: Words, counter1: int) -> Words:
    """The first word of Threefry-2x32 with 20 rounds for each counter (Salmon et al. 2011), as 32-bit words."""
    keys = [np.uint32(key0 & 0xFFFFFFFF), np.uint32(key1 & 0xFFFFFFFF)]
    keys.append(keys[0] ^ keys[1] ^ np.uint32(0x1BD11BDA))
    a = counter0 + keys[0]
    b = np.full_like(counter0, counter1 & 0xFFFFFFFF) + keys[1]
    for n in range(1, 6):
        for turn in _TURNS[n & 1]:
            a = a + b
            b = ((b << np.uint32(turn)) | (b >> np.uint32(32 - turn))) ^ a
        keys = [*keys[1:], keys[0]]
        a = a + keys[0]
        b = b + keys[1] + np.uint32(n)
    return a


def permutation(seed: int, draw: int, count: int) -> NDArray[np.int64]:
    """A permutation of 0 to count - 1, the `draw`th of a seed (Fisher and Yates): that of a session's epoch."""
    places = np.arange(count, dtype=np.uint32)
    # The stream of shuffles is the last word: those of first values count from 0.
    fractions = threefry(seed, -1, places, draw).astype(np.float64) / 2**32
    others = np.floor(fractions * (places + 1.0)).astype(np.int64).tolist()
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        j = others[i]
        order[i], order[j] = order[j], order[i]
    return np.array(order, dtype=np.int64)
