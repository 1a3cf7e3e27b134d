"""The shipped digits: what they are, and that splitting neither loses nor mixes any."""

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch.data import Digits, load_digits, standardise
from minitorch.data.digits import DIGITS_FILE

CLASS_COUNTS = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def numbered(size):
    """Make pictures that carry their own ordinal, to follow them through a shuffle."""
    images = np.zeros((size, 28, 28), np.uint8)
    images[:, 0, 0] = images[:, 3, 7] = np.arange(size)
    return Digits(images, np.arange(size, dtype=np.uint8) % 10)


def test_the_file_holds_what_its_notice_says(digits):
    assert digits.images.shape == (10_000, 28, 28)
    assert digits.images.dtype == digits.labels.dtype == np.uint8
    assert np.bincount(digits.labels).tolist() == CLASS_COUNTS
    assert (np.diff(digits.labels.astype(int)) >= 0).all()


def test_pictures_show_ink_on_paper(digits):
    assert digits.images.max() == 255
    assert not digits.images[:, [0, -1]].any(axis=(1, 2)).all()
    means = [digits.images[digits.labels == label].mean() for label in range(10)]
    assert means.index(min(means)) == 1, "a one needs the least ink"


def test_a_damaged_file_is_refused_with_both_checksums(tmp_path):
    damaged = tmp_path / "mnist10k.npz"
    damaged.write_bytes(DIGITS_FILE.read_bytes()[:-1])
    found = sha256(damaged.read_bytes()).hexdigest()
    with pytest.raises(ValueError, match=f"damaged: SHA-256 is {found}, not 94e2480b"):
        load_digits(damaged)


@given(size=st.integers(2, 60), data=st.data())
def test_splitting_parts_all_digits_with_their_labels(size, data):
    test_size = data.draw(st.integers(1, size - 1))
    train, test = numbered(size).split(test_size, seed=data.draw(st.integers(0, 9)))
    assert (len(train), len(test)) == (size - test_size, test_size)
    ordinals = np.concatenate([train.images, test.images])[:, 3, 7]
    assert sorted(ordinals) == list(range(size))
    assert (np.concatenate([train.labels, test.labels]) == ordinals % 10).all()


def test_splitting_shuffles_the_classes_the_same_way_each_time(digits):
    train, test = digits.split(2000)
    again = digits.split(2000)[1]
    assert (again.labels == test.labels).all()
    assert (digits.split(2000, seed=1)[1].labels != test.labels).any()
    shares = np.bincount(test.labels, minlength=10) / np.bincount(train.labels, minlength=10)
    assert np.abs(shares - 0.25).max() < 0.06, "a test part without a class tests nothing"


@pytest.mark.parametrize("test_size", [-1, 0, 5, 6])
def test_a_part_may_not_be_empty(test_size):
    with pytest.raises(ValueError, match=rf"{test_size} digits to test on, .* in 1\.\.4"):
        numbered(5).split(test_size)


def test_standardised_pixels_have_mean_zero_and_variance_one(digits):
    inputs = standardise(digits.images)
    assert inputs.shape == (10_000, 1, 28, 28)
    assert inputs.dtype == np.float32
    assert abs(inputs.mean(dtype=np.float64)) < 1e-3
    assert abs(inputs.std(dtype=np.float64) - 1) < 1e-3


def test_standardising_keeps_pixels_in_place():
    images = np.zeros((2, 28, 28), np.uint8)
    images[1, 4, 9] = 255
    inputs = standardise(images)
    assert np.argwhere(inputs > 0).tolist() == [[1, 0, 4, 9]]
