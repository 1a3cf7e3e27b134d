"""Random numbers: seeds, generators, states, distributions."""

import json

import numpy as np
import pytest

import mt_tensor as mt

DRAWS = {
    "rand": lambda g: mt.rand(3, 4, generator=g),
    "randn": lambda g: mt.randn(3, 4, generator=g),
    "randint": lambda g: mt.randint(-5, 5, (3, 4), generator=g),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_a_seed_decides_the_numbers(draw):
    first, second, other = (draw(mt.Generator(seed)).tolist() for seed in (1, 1, 2))
    assert first == second != other


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_without_a_generator_the_librarys_own_is_drawn_from(draw):
    mt.manual_seed(7)
    first = draw(None).tolist()
    assert draw(None).tolist() != first
    assert mt.manual_seed(7) is mt.default_generator
    assert draw(None).tolist() == first
    assert draw(mt.Generator(7)).tolist() == first


def test_a_stream_goes_on_from_its_state():
    generator = mt.Generator(3)
    mt.rand(5, generator=generator)
    state = json.loads(json.dumps(generator.state()))
    first = mt.randn(4, generator=generator).tolist()
    other = mt.Generator(0)
    other.set_state(state)
    assert mt.randn(4, generator=other).tolist() == first


def test_a_state_is_a_snapshot():
    generator = mt.Generator(3)
    state = generator.state()
    first = mt.rand(2, generator=generator).tolist()
    generator.set_state(state)
    assert mt.rand(2, generator=generator).tolist() == first


def test_a_generator_starts_again_from_a_seed():
    generator = mt.Generator(3)
    first = mt.rand(2, generator=generator).tolist()
    assert generator.manual_seed(3) is generator
    assert mt.rand(2, generator=generator).tolist() == first


def test_generators_without_a_seed_differ():
    first, second = (mt.rand(4, generator=mt.Generator()).tolist() for _ in range(2))
    assert first != second


def test_the_numbers_are_numpys():
    rng = np.random.Generator(np.random.PCG64(11))
    generator = mt.Generator(11)
    np.testing.assert_array_equal(mt.rand(2, 3, generator=generator).numpy(), rng.random((2, 3)))
    wanted = rng.standard_normal(4).astype("float32")
    drawn = mt.randn(4, dtype="float32", generator=generator)
    np.testing.assert_array_equal(drawn.numpy(), wanted, strict=True)
    np.testing.assert_array_equal(
        mt.randint(0, 9, 5, generator=generator).numpy(), rng.integers(0, 9, 5)
    )


def test_the_distributions_are_what_they_say():
    generator = mt.Generator(5)
    uniform = mt.rand(20_000, generator=generator).numpy()
    assert 0.0 <= uniform.min() < 0.001
    assert 0.999 < uniform.max() < 1.0
    assert abs(uniform.mean() - 0.5) < 0.01
    normal = mt.randn(20_000, generator=generator).numpy()
    assert abs(normal.mean()) < 0.03
    assert abs(normal.std() - 1.0) < 0.03
    counts = np.bincount(mt.randint(0, 4, 8000, generator=generator).numpy(), minlength=4)
    assert counts.shape == (4,)
    assert counts.min() > 1800


def test_float32_numbers_stay_below_one():
    assert mt.rand(200_000, dtype="float32", generator=mt.Generator(0)).numpy().max() < 1.0


@pytest.mark.parametrize("make", [mt.Generator, mt.manual_seed, mt.Generator(0).manual_seed])
@pytest.mark.parametrize("seed", [-1, 1.5, "seed"])
def test_a_seed_is_a_non_negative_integer(make, seed):
    with pytest.raises(ValueError, match=f"a seed is a non-negative integer, not {seed}"):
        make(seed)


def test_a_key_has_64_bits_and_is_part_of_the_stream():
    generator = mt.Generator(5)
    state = generator.state()
    keys = [generator.key() for _ in range(200)]
    assert len(set(keys)) == 200
    assert np.bitwise_or.reduce(np.array(keys, np.uint64)) == np.uint64(2**64 - 1)
    generator.set_state(state)
    assert [generator.key() for _ in range(200)] == keys
