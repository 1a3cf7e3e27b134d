"""Files that the published library reads, and its files read here."""

import numpy as np
import pytest

from mt_nn.checkpoint import read_safetensors, write_safetensors

theirs = pytest.importorskip(
    "safetensors.numpy", reason="the comparison with safetensors needs safetensors"
)

ARRAYS = {
    "turned": np.arange(6.0).reshape(2, 3).T,
    "half": np.array([1.5], "f2"),
    "one": np.array(3, "i8"),
    "none": np.zeros((0, 2), "f4"),
    "truth": np.array([True, False]),
}


def same(found):
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


def test_their_library_reads_our_files(tmp_path):
    path = tmp_path / "ours.safetensors"
    write_safetensors(path, ARRAYS, {"note": "x"})
    same(theirs.load_file(path))


def test_we_read_the_files_of_their_library(tmp_path):
    path = tmp_path / "theirs.safetensors"
    whole = {name: np.ascontiguousarray(a).reshape(a.shape) for name, a in ARRAYS.items()}
    theirs.save_file(whole, path, {"note": "x"})
    found, metadata = read_safetensors(path)
    same(found)
    assert metadata == {"note": "x"}
