"""`dropout`: the bits are those of Philox4x32-10, one word for each element, in any layout."""

from typing import Any

import numpy as np
import pytest

from mt_tensor.dtypes import DType, float32
from mt_tensor.testing.conformance.suite import Suite, drawn, floats
from mt_tensor.testing.layouts import LAYOUTS, WRITABLE, arranged

Array = np.ndarray[Any, Any]

KEY = 0x299F31D0A4093822
"""As in the third vector of the paper's authors; both halves have high bits."""

VECTORS: dict[tuple[int, ...], tuple[int, ...]] = {
    (0, 0, 0, 0, 0, 0): (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    (0xFFFFFFFF,) * 6: (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0): (
        0xD16CFE09,
        0x94FDCCEB,
        0x5001E420,
        0x24126EA1,
    ),
}
"""Counter and key, and what Philox4x32-10 makes of them: `kat_vectors` of Random123."""


def philox(*words: int) -> tuple[int, ...]:
    """Encrypt one counter of four words with a key of two, in Python's integers."""
    a, b, c, d, low, high = words
    for _ in range(10):
        first, second = a * 0xD2511F53, c * 0xCD9E8D57
        a, b = (second >> 32) ^ b ^ low, second % 2**32
        c, d = (first >> 32) ^ d ^ high, first % 2**32
        low, high = (low + 0x9E3779B9) % 2**32, (high + 0xBB67AE85) % 2**32
    return a, b, c, d


def shares(shape: tuple[int, ...], p: float, key: int) -> Array:
    """Return by how much each element grows."""
    size = int(np.prod(shape))
    words = [philox(i, 0, 0, 0, key % 2**32, key >> 32) for i in range(-(-size // 4))]
    kept = np.array(words, float).reshape(-1)[:size] / 2.0**32 >= p
    return kept.reshape(shape) / (1.0 - p if p < 1.0 else 1.0)


class Randomness(Suite):
    """Dropout from a key."""

    def dropped(self, view: Array, p: float, key: int = KEY) -> Array:
        """Run the kernel into a contiguous tensor."""
        out = self.place(self.blank(view.shape, view.dtype))
        self.backend.dropout(out, self.place(view), p, key)
        return self.read(out)

    def check_dropped(self, x: Array, p: float, key: int, about: str) -> None:
        """Compare with the product, bit for bit."""
        wanted = x * shares(x.shape, p, key).astype(x.dtype)
        np.testing.assert_array_equal(self.dropped(x, p, key), wanted, err_msg=about)

    @pytest.mark.parametrize("key", [0, 1, 1 << 32, 2**64 - 1, KEY])
    @floats
    def test_dropout_of_a_key(self, dtype: DType, key: int) -> None:
        """Each half of the key counts."""
        self.check_dropped(drawn(dtype, 5, 7), 0.25, key, "contiguous")

    @floats
    def test_dropout_of_any_layout(self, dtype: DType) -> None:
        """The position is that of the index, not that in storage."""
        for layout in LAYOUTS:
            self.check_dropped(arranged(layout, drawn(dtype, *self.shape)), 0.5, KEY, layout)

    @pytest.mark.parametrize("layout", WRITABLE)
    def test_dropout_any_layout_is_written(self, layout: str) -> None:
        """Every element of `out`, and nothing between them."""
        x = drawn(float32, *self.shape)
        self.check_storage(
            lambda out: self.backend.dropout(out, self.place(x), 0.3, KEY),
            self.blank(x.shape, x.dtype, layout),
            x * shares(x.shape, 0.3, KEY).astype(x.dtype),
            layout,
        )

    @pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 17])
    def test_dropout_of_few_elements(self, size: int) -> None:
        """A last counter whose words are not all used; a tensor of no dimension."""
        self.check_dropped(drawn(float32, size), 0.5, KEY, "a row")
        self.check_dropped(np.asarray(drawn(float32, 1)[0]), 0.5, KEY + size, "a number")

    @floats
    def test_dropout_at_the_edges_of_the_probability(self, dtype: DType) -> None:
        """Nothing is dropped with 0, everything with 1; what is dropped is 0, whatever it was."""
        x = np.array([np.nan, np.inf, -np.inf, -1.0, 2.0] * 4, dtype)
        np.testing.assert_array_equal(self.dropped(x, 0.0), x)
        np.testing.assert_array_equal(self.dropped(x, 1.0), np.zeros_like(x))
        lost = shares(x.shape, 0.5, KEY) == 0.0
        np.testing.assert_array_equal(self.dropped(x, 0.5)[lost], 0.0)

    def test_dropout_in_place(self) -> None:
        """The operand may be `out` itself."""
        x = drawn(float32, *self.shape)
        out = self.place(x)
        self.backend.dropout(out, out, 0.5, KEY)
        np.testing.assert_array_equal(self.read(out), self.dropped(x, 0.5))

    def test_dropout_of_many_elements(self) -> None:
        """Enough to be shared out: the share is right, neighbours do not depend on each other."""
        ones = np.ones(self.large, np.float32)
        kept = self.dropped(ones, 0.25) > 0.0
        slack = 5.0 / np.sqrt(self.large)
        other = self.dropped(ones, 0.25, KEY + 1) > 0.0
        both = [(kept[lag:] & kept[:-lag]).mean() for lag in range(1, 9)]
        np.testing.assert_allclose(kept.mean(), 0.75, atol=slack)
        np.testing.assert_allclose([*both, (kept & other).mean()], 0.5625, atol=slack)
        np.testing.assert_array_equal(kept[:64], shares((64,), 0.25, KEY) > 0.0)

    @pytest.mark.parametrize("words", VECTORS)
    def test_dropout_has_the_generator_of_the_paper(self, words: tuple[int, ...]) -> None:
        """The known answers, of the loop that this suite compares with."""
        np.testing.assert_array_equal(philox(*words), VECTORS[words])
