import gzip
import re
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mt_nn.data import IdxError, read_idx
from mt_nn.data.idx import parse_idx

CODES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}
IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def idx(array):
    """Write an array as the format's description says, without the code that reads it."""
    sizes = b"".join(struct.pack(">I", n) for n in array.shape)
    elements = array.astype(array.dtype.newbyteorder(">")).tobytes()
    return bytes([0, 0, CODES[array.dtype.name], array.ndim]) + sizes + elements


@given(
    hnp.arrays(
        dtype=st.sampled_from(list(CODES)).map(np.dtype),
        shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    )
)
def test_every_array_is_read_back(array):
    np.testing.assert_array_equal(parse_idx(idx(array)), array, strict=True)


def test_the_bytes_of_a_small_file():
    content = bytes.fromhex("0000 0b02 00000001 00000002 0102 fffe")
    result = parse_idx(content)
    assert result.tolist() == [[258, -2]]
    assert result.dtype == np.int16


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_file_compressed_or_not(tmp_path, pack):
    path = tmp_path / "images"
    path.write_bytes(pack(idx(IMAGES)))
    np.testing.assert_array_equal(read_idx(path), IMAGES, strict=True)


@pytest.mark.parametrize("start", [b"", b"\0\0\x08", b"\x89PNG", b"\0\1\x08\1", b"\0\0\x0a\1"])
def test_a_wrong_magic_number(start):
    with pytest.raises(IdxError, match=re.escape(f"begins with '{start.hex()}', not with 0000, ")):
        parse_idx(start)


def test_a_header_that_ends_early():
    with pytest.raises(IdxError, match="it: 9 bytes end within the sizes of 3 dimensions"):
        parse_idx(idx(IMAGES)[:9], "it")


@pytest.mark.parametrize(("change", "size"), [(-1, 39), (-24, 16), (1, 41)])
def test_a_wrong_length(change, size):
    content = idx(IMAGES)
    content = content[:change] if change < 0 else content + b"\0" * change
    shown = rf"an array \(2, 3, 4\) of uint8 needs 40 bytes, but has {size}"
    with pytest.raises(IdxError, match=shown):
        parse_idx(content)


def test_sizes_beyond_all_memory():
    content = bytes([0, 0, 8, 3]) + b"\xff" * 12
    with pytest.raises(IdxError, match=rf"needs {(2**32 - 1) ** 3 + 16} bytes, but has 16"):
        parse_idx(content)


@pytest.mark.parametrize(
    "spoil",
    [lambda c: c[:-9], lambda c: c[:12], lambda c: c[:20] + b"\0\0\0" + c[23:], lambda c: c[:2]],
    ids=["cut", "cut early", "changed", "two bytes"],
)
def test_a_damaged_gzip_file(tmp_path, spoil):
    path = tmp_path / "images.gz"
    path.write_bytes(spoil(gzip.compress(idx(IMAGES))))
    with pytest.raises(IdxError, match=re.escape(f"{path}: gzip finds it damaged: ")):
        read_idx(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "images")
