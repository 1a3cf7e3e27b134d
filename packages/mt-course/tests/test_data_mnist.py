"""MNIST through the course: all of it, or the digits that ship, and which of the two is said."""

import numpy as np
import pytest

from minitorch.data import load_digits, load_mnist, mnist
from mt_nn.data import ChecksumError, Pictures, Source, UnavailableError

SOURCE = Source("pictures", "a file", "a licence", "somebody")


def pictures(count):
    images = np.arange(count, dtype=np.uint8)[:, np.newaxis, np.newaxis].repeat(28, 1).repeat(28, 2)
    return Pictures(images, np.arange(count, dtype=np.uint8) % 10, tuple("0123456789"), SOURCE)


def test_all_of_it_where_it_can_be_had(monkeypatch, tmp_path):
    asked = []

    def load(collection, folder):
        asked.append((collection.name, folder))
        return pictures(20), pictures(5)

    monkeypatch.setattr(mnist, "load_collection", load)
    train, test = load_mnist(tmp_path)
    assert asked == [("mnist", tmp_path)]
    assert (len(train), len(test)) == (20, 5)
    assert train.source is test.source is SOURCE
    np.testing.assert_array_equal(train.labels, pictures(20).labels)
    np.testing.assert_array_equal(train.images, pictures(20).images)


def test_the_digits_that_ship_where_it_cannot(monkeypatch):
    def load(*_):
        message = "there is no network"
        raise UnavailableError(message)

    monkeypatch.setattr(mnist, "load_collection", load)
    train, test = load_mnist()
    assert (len(train), len(test)) == (8000, 2000)
    expected = load_digits().split(2000)
    np.testing.assert_array_equal(test.images, expected[1].images)
    for part in (train, test):
        assert "which ships with mt-course, because there is no network" in str(part.source)


def test_a_damaged_file_is_no_reason_to_use_others(monkeypatch):
    def load(*_):
        message = "another file"
        raise ChecksumError(message)

    monkeypatch.setattr(mnist, "load_collection", load)
    with pytest.raises(ChecksumError, match="another file"):
        load_mnist()


def test_the_digits_that_ship_say_so():
    digits = load_digits()
    assert str(digits.source).startswith("10,000 digits of MNIST, from mnist10k.npz, which ships")
    assert digits.split(2000)[0].source is digits.source
