import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import DataLoader
from mt_nn.data import ImageDataset, RandomCrop

BYTES = np.random.default_rng(0).integers(0, 256, (6, 4, 5), np.uint8)
LABELS = np.array([3, 1, 4, 1, 5, 9], np.uint8)


def noisy(images, stream):
    return images + stream.random(images.shape, np.float32)


def test_bytes_become_shares_with_one_channel(backend):
    images, labels = next(iter(DataLoader(ImageDataset(BYTES, LABELS), 4)))
    assert images.backend.name == labels.backend.name == backend
    assert images.dtype == mt.float32
    assert labels.dtype == mt.int64
    np.testing.assert_allclose(images.numpy(), BYTES[:4, np.newaxis] / 255.0, rtol=1e-6)
    assert labels.tolist() == [3, 1, 4, 1]


def test_floats_and_channels_stay_as_they_are():
    images = np.random.default_rng(1).normal(size=(3, 2, 4, 5))
    (batch, _) = next(iter(DataLoader(ImageDataset(images, [0, 1, 2]), 3)))
    np.testing.assert_array_equal(batch.numpy(), images.astype(np.float32))


def test_a_sample():
    data = ImageDataset(BYTES, LABELS)
    image, label = data[2]
    assert image.shape == (1, 4, 5)
    assert label == 4
    assert len(data) == 6


def test_it_says_where_the_batches_go():
    batch = next(iter(DataLoader(ImageDataset(BYTES, LABELS, backend="simple"), 2)))
    assert [part.backend.name for part in batch] == ["simple", "simple"]


def passes(workers, seed=0, resumed=False):
    data = ImageDataset(BYTES, LABELS, transform=noisy, seed=seed)
    options = {"shuffle": True, "generator": mt.Generator(7), "num_workers": workers}
    loader = DataLoader(data, 2, **options)
    if not resumed:
        return [[images.tolist() for images, _ in loader] for _ in range(2)]
    first = iter(loader)
    begun = [next(first)[0].tolist()]
    state = loader.state_dict()
    again = DataLoader(data, 2, **options)
    again.load_state_dict(state)
    return begun + [images.tolist() for images, _ in again]


def test_draws_depend_on_the_seed_and_the_batch_and_not_on_threads_or_on_a_pause():
    expected = passes(0)
    assert expected[0] != expected[1]
    assert passes(0) == passes(3) == expected
    assert passes(0, seed=1) != expected
    assert passes(0, resumed=True) == expected[0]


def test_the_pictures_stay_as_they_were():
    before = BYTES.copy()
    list(DataLoader(ImageDataset(BYTES, LABELS, transform=RandomCrop(2)), 3))
    np.testing.assert_array_equal(BYTES, before)


@pytest.mark.parametrize(
    ("images", "labels"),
    [((6, 5), (6,)), ((6, 1, 1, 2, 2), (6,)), ((6, 4, 5), (5,)), ((2, 4, 5), (2, 1))],
)
def test_shapes_that_do_not_fit(images, labels):
    shown = rf"images is \({images[0]}, .*\) and labels is \({labels[0]},.*\); they must be"
    with pytest.raises(mt.ShapeError, match=shown):
        ImageDataset(np.zeros(images), np.zeros(labels))
