import sys

import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import DataLoader
from mt_nn.data import TokenWindows, UnavailableError, load_python_reference, python_reference

TEXT = np.arange(10, 20)


@pytest.mark.parametrize(
    ("length", "stride", "starts"),
    [(3, None, [0, 3, 6]), (3, 1, [0, 1, 2, 3, 4, 5, 6]), (9, 5, [0]), (1, 4, [0, 4, 8])],
)
def test_windows_and_what_comes_after(length, stride, starts):
    data = TokenWindows(TEXT, length, stride)
    assert len(data) == len(starts)
    for index, start in enumerate(starts):
        seen, comes = data[index]
        np.testing.assert_array_equal(seen, TEXT[start : start + length])
        np.testing.assert_array_equal(comes, TEXT[start + 1 : start + 1 + length])


def test_each_token_is_predicted_once():
    data = TokenWindows(np.arange(13), 4)
    predicted = np.concatenate([data[i][1] for i in range(len(data))])
    np.testing.assert_array_equal(predicted, np.arange(1, 13))


def test_a_batch(backend):
    tokens, target = next(iter(DataLoader(TokenWindows(TEXT, 3), 2)))
    assert tokens.tolist() == [[10, 11, 12], [13, 14, 15]]
    assert target.tolist() == [[11, 12, 13], [14, 15, 16]]
    for part in (tokens, target):
        assert part.dtype == mt.int64
        assert part.backend.name == backend


def test_it_says_where_the_batches_go():
    batch = next(iter(DataLoader(TokenWindows(TEXT, 3, backend="simple"), 2)))
    assert [part.backend.name for part in batch] == ["simple", "simple"]


def test_the_text_is_copied():
    text = TEXT.copy()
    data = TokenWindows(text, 3)
    text[:] = 0
    assert data[0][0].tolist() == [10, 11, 12]


@pytest.mark.parametrize("shape", [(3,), (0,), (2, 5), ()])
def test_a_text_that_is_too_short_or_no_row(shape):
    with pytest.raises(mt.ShapeError, match=r"tokens is \(.*\); it must be \(T,\) with T > .* = 3"):
        TokenWindows(np.zeros(shape, int), 3)


@pytest.mark.parametrize("sizes", [{"length": 0}, {"length": 2, "stride": 0}])
def test_sizes_that_are_none(sizes):
    with pytest.raises(ValueError, match=r"TokenWindows: (length|stride) must be a positive"):
        TokenWindows(TEXT, **sizes)


def test_the_python_reference():
    text, source = load_python_reference()
    assert len(text) > 100_000
    assert "assert" in text
    assert (text, source) == load_python_reference()
    version = ".".join(map(str, sys.version_info[:3]))
    assert f"pydoc_data.topics of Python {version}" in str(source)
    assert "PSF" in source.licence


def test_a_python_without_its_documentation(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(python_reference, "import_module", missing)
    with pytest.raises(UnavailableError, match=r"no module pydoc_data\.topics"):
        load_python_reference()
