import unittest

import numpy as np

from sinter_xla.draws import permutation, threefry


class DrawsTest(unittest.TestCase):
    def test_threefry_has_the_values_of_its_authors(self) -> None:
        for key, counter, word in [
            ((0, 0), (0, 0), 0x6B200159),
            ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), 0x1CB996FC),
            ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), 0xC4923A9C),
        ]:
            found = threefry(*key, np.array([counter[0]], np.uint32), counter[1])
            self.assertEqual(found.tolist(), [word])

    def test_a_shuffle_is_a_permutation_of_its_own_for_each_seed_and_draw(self) -> None:
        orders = [permutation(seed, draw, 100).tolist() for seed in (0, 1) for draw in (0, 1)]
        for order in orders:
            self.assertEqual(sorted(order), list(range(100)))
        self.assertEqual(len({tuple(order) for order in orders}), 4)
        self.assertEqual(permutation(0, 0, 0).tolist(), [])
