"""Transforms of pictures: each against NumPy, picture by picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mt_tensor as mt
from mt_nn.data import Compose, Normalize, RandomAffine, RandomCrop, RandomFlip
from mt_nn.data.transforms import turned

BATCH = np.random.default_rng(0).random((5, 2, 6, 7)).astype(np.float32)
BATCH.setflags(write=False)  # No transform may write into what it is given.
EVERY = {
    "Normalize": Normalize([0.1, 0.2], [0.5, 2.0]),
    "RandomCrop": RandomCrop(2),
    "RandomFlip": RandomFlip(),
    "RandomAffine": RandomAffine(20.0, 0.1),
    "Compose": Compose(RandomFlip(), RandomCrop(1)),
}


def stream(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", EVERY)
def test_a_batch_keeps_its_shape_and_its_dtype_and_a_seed_decides_it(name):
    results = [EVERY[name](BATCH, stream(seed)) for seed in (0, 0, 1)]
    for result in results:
        assert result.shape == BATCH.shape
        assert result.dtype == np.float32
    np.testing.assert_array_equal(results[0], results[1])
    assert (results[0] != results[2]).any() == (name != "Normalize")


@pytest.mark.parametrize("name", EVERY)
def test_no_pictures(name):
    assert EVERY[name](BATCH[:0], stream()).shape == (0, 2, 6, 7)


def test_normalize():
    result = EVERY["Normalize"](BATCH, stream())
    for c, (mean, std) in enumerate([(0.1, 0.5), (0.2, 2.0)]):
        np.testing.assert_allclose(result[:, c], (BATCH[:, c] - mean) / std, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("std", [0.0, -1.0, float("nan")])
def test_a_deviation_that_is_none(std):
    with pytest.raises(ValueError, match=rf"Normalize: std \(1.0, {std}\) must be above 0"):
        Normalize([0.0, 0.0], [1.0, std])


def test_other_channels():
    with pytest.raises(mt.ShapeError, match=r"1 means, but images is \(5, 2, 6, 7\)"):
        Normalize([0.0], [1.0])(BATCH, stream())


def moved(picture, down, right):
    """Move a picture (C, H, W) by whole pixels, with zeros from outside."""
    out = np.zeros_like(picture)
    height, width = picture.shape[1:]
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                out[:, row, column] = picture[:, row - down, column - right]
    return out


def test_a_crop_moves_each_picture_on_its_own():
    many = np.repeat(BATCH[:1], 400, axis=0)
    result = RandomCrop(2)(many, stream())
    moves = {(a, b): moved(BATCH[0], a, b) for a in range(-2, 3) for b in range(-2, 3)}
    counts = dict.fromkeys(moves, 0)
    for picture in result:
        (move,) = [m for m, expected in moves.items() if (picture == expected).all()]
        counts[move] += 1
    assert min(counts.values()) > 3
    assert max(counts.values()) < 40


def test_a_crop_without_padding_changes_nothing():
    np.testing.assert_array_equal(RandomCrop(0)(BATCH, stream()), BATCH)


def test_a_padding_that_is_none():
    with pytest.raises(ValueError, match="RandomCrop: padding must not be negative, as -1 is"):
        RandomCrop(-1)


def test_a_flip_mirrors_about_half():
    many = np.repeat(BATCH[:1], 400, axis=0)
    result = RandomFlip()(many, stream())
    mirrored = np.array([(picture == BATCH[0, :, :, ::-1]).all() for picture in result])
    kept = np.array([(picture == BATCH[0]).all() for picture in result])
    assert (mirrored ^ kept).all()
    assert 150 < mirrored.sum() < 250


@pytest.mark.parametrize(("p", "step"), [(0.0, 1), (1.0, -1)])
def test_a_flip_of_none_or_all(p, step):
    np.testing.assert_array_equal(RandomFlip(p)(BATCH, stream()), BATCH[..., ::step])


def test_a_probability_that_is_none():
    with pytest.raises(ValueError, match=r"RandomFlip: p must lie between 0 and 1, not 1\.5"):
        RandomFlip(1.5)


@pytest.mark.parametrize("quarters", [-1, 0, 1, 2, 3])
@pytest.mark.parametrize("side", [4, 5])
def test_a_quarter_turn(quarters, side):
    images = np.random.default_rng(1).random((2, 3, side, side)).astype(np.float32)
    result = turned(images, np.full(2, quarters * np.pi / 2), np.zeros((2, 2)))
    np.testing.assert_allclose(result, np.rot90(images, quarters, axes=(2, 3)), atol=1e-6)


@given(st.integers(-8, 8), st.integers(-8, 8))
def test_a_move_by_whole_pixels(down, right):
    shifts = np.array([[down, right], [0, 0]], float)
    result = turned(BATCH[:2], np.zeros(2), shifts)
    np.testing.assert_array_equal(result[0], moved(BATCH[0], down, right))
    np.testing.assert_array_equal(result[1], BATCH[1])


def test_a_move_by_half_a_pixel_is_the_mean_of_two():
    result = turned(BATCH, np.zeros(5), np.full((5, 2), [0.0, 0.5]))
    before = np.pad(BATCH, [(0, 0), (0, 0), (0, 0), (1, 0)])[..., :-1]
    np.testing.assert_allclose(result, (BATCH + before) / 2, rtol=1e-6)


@given(st.floats(-180.0, 180.0), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_a_plane_stays_a_plane(degrees, down, right):
    """Between four pixels of a plane, the reading is exact: it can be computed without pixels."""
    size = 31
    rows, columns = np.indices((size, size)) - 15.0
    plane = (2.0 * rows - 3.0 * columns + 100.0).astype(np.float32)[np.newaxis, np.newaxis]
    angle = np.deg2rad(degrees)
    result = turned(plane, np.array([angle]), np.array([[down, right]]))[0, 0]
    r, c = rows - down, columns - right
    read_row = r * np.cos(angle) + c * np.sin(angle)
    read_column = c * np.cos(angle) - r * np.sin(angle)
    inside = (np.abs(read_row) < 14.9) & (np.abs(read_column) < 14.9)
    expected = 2.0 * read_row - 3.0 * read_column + 100.0
    assert inside.sum() > 300
    np.testing.assert_allclose(result[inside], expected[inside], rtol=0, atol=1e-4)


def test_angles_and_shifts_stay_within_their_limits():
    spot = np.zeros((500, 1, 41, 21), np.float32)
    spot[:, 0, 20, 20] = 1.0
    places = [
        np.array([np.average(np.arange(n), weights=picture.sum(axis)) for picture in still[:, 0]])
        for still in [RandomAffine(30.0, 0.0)(spot, stream())]
        for axis, n in ((1, 41), (0, 21))
    ]
    angles = np.rad2deg(np.arctan2(20.0 - places[0], places[1] - 10.0))
    assert -31.0 < angles.min() < -25.0
    assert 25.0 < angles.max() < 31.0
    spot = np.roll(spot, -10, axis=3)
    shifted = RandomAffine(0.0, 0.1)(spot, stream())[:, 0]
    down = (shifted.sum(2) * np.arange(41)).sum(1) - 20.0
    right = (shifted.sum(1) * np.arange(21)).sum(1) - 10.0
    for distance, limit in ((down, 4.1), (right, 2.1)):
        assert -limit - 1e-4 < distance.min() < -0.9 * limit
        assert 0.9 * limit < distance.max() < limit + 1e-4


def test_an_affine_of_nothing_changes_nothing():
    np.testing.assert_array_equal(RandomAffine(0.0)(BATCH, stream()), BATCH)


@pytest.mark.parametrize("limits", [(-1.0, 0.0), (1.0, -0.1), (float("nan"), 0.0)])
def test_limits_that_are_none(limits):
    with pytest.raises(
        ValueError, match=rf"degrees = {limits[0]} and shift = {limits[1]} must not be negative"
    ):
        RandomAffine(*limits)


def test_compose_goes_in_order():
    plus = lambda images, _: images + 1  # noqa: E731
    double = lambda images, _: images * 2  # noqa: E731
    np.testing.assert_array_equal(Compose(plus, double)(BATCH, stream()), (BATCH + 1) * 2)
    assert Compose()(BATCH, stream()) is BATCH
