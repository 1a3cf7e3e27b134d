import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import DataLoader, TensorDataset

IMAGES = np.arange(20.0).reshape(10, 2)
CLASSES = np.arange(10)


def dataset():
    return TensorDataset(mt.tensor(IMAGES), mt.tensor(CLASSES))


def order(loader):
    return [int(k) for _, classes in loader for k in classes.numpy()]


def test_samples_are_rows():
    data = dataset()
    assert len(data) == 10
    image, label = data[3]
    assert image.tolist() == [6.0, 7.0]
    assert label.shape == ()
    assert label.dtype == mt.int64


def test_a_dataset_that_ends():
    with pytest.raises(IndexError):
        dataset()[10]


@pytest.mark.parametrize("shapes", [[], [(2, 3), (3,)], [()]])
def test_tensors_of_different_lengths(shapes):
    with pytest.raises(mt.ShapeError, match=r"TensorDataset: tensors of shapes \[.*\] must have"):
        TensorDataset(*(mt.zeros(shape) for shape in shapes))


def test_batches_keep_pairs_together_on_their_backend(backend):
    for images, classes in DataLoader(dataset(), 4, shuffle=True):
        assert images.backend.name == classes.backend.name == backend
        np.testing.assert_array_equal(images.numpy(), IMAGES[classes.numpy()], strict=True)


@pytest.mark.parametrize(("drop_last", "sizes"), [(False, [4, 4, 2]), (True, [4, 4])])
def test_the_last_batch(drop_last, sizes):
    loader = DataLoader(dataset(), 4, drop_last=drop_last)
    assert [len(classes) for _, classes in loader] == sizes
    assert len(loader) == len(sizes)


def test_without_a_shuffle_the_order_is_kept():
    assert order(DataLoader(dataset(), 3)) == list(range(10))


def test_each_pass_has_an_order_of_its_own_and_a_seed_decides_all():
    loader = DataLoader(dataset(), 3, shuffle=True, generator=mt.Generator(1))
    first, second = order(loader), order(loader)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    again = DataLoader(dataset(), 5, shuffle=True, generator=mt.Generator(1))
    assert [order(again), order(again)] == [first, second]


def test_the_seed_of_the_library_decides_where_there_is_no_generator():
    loader = DataLoader(dataset(), 3, shuffle=True)
    mt.manual_seed(2)
    first = order(loader)
    mt.manual_seed(2)
    assert order(loader) == first


def test_any_sequence_of_samples_is_a_dataset():
    samples = [(np.full(2, float(i)), i) for i in range(3)]
    (images, classes), (last, _) = DataLoader(samples, 2)
    assert images.tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert classes.tolist() == [0, 1]
    assert classes.dtype == mt.int64
    assert last.shape == (1, 2)


def test_samples_may_be_tensors():
    (batch,) = DataLoader([(mt.tensor([1.0]),), (mt.tensor([2.0]),)], 2)
    assert batch[0].tolist() == [[1.0], [2.0]]


def test_a_user_may_collate():
    loader = DataLoader(dataset(), 2, collate_fn=len)
    assert list(loader) == [2, 2, 2, 2, 2]


def test_nothing_makes_no_batch():
    assert list(DataLoader([], 2)) == []
    assert len(DataLoader([], 2)) == 0


@pytest.mark.parametrize("size", [0, -1, 1.5])
def test_a_batch_size_that_is_none(size):
    with pytest.raises(ValueError, match=f"DataLoader: batch_size must be .*, not {size}"):
        DataLoader(dataset(), size)
