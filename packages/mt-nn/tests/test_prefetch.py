import threading
import time

import pytest

import mt_tensor as mt
from mt_nn import DataLoader
from mt_nn.data.prefetch import read_ahead


def threads():
    return [t for t in threading.enumerate() if t.name.startswith("mt-nn-loader")]


@pytest.mark.parametrize(("workers", "ahead"), [(1, 1), (2, 2), (4, 3)])
def test_results_keep_their_order(workers, ahead):
    def load(i):
        time.sleep(0.002 * (i % 3 == 0))
        return i * i

    assert list(read_ahead(load, range(20), workers, ahead)) == [i * i for i in range(20)]
    assert not threads()


def test_no_more_is_read_ahead_than_allowed():
    loaded = []
    results = read_ahead(loaded.append, range(50), 2, 3)
    for taken in range(1, 20):
        next(results)
        assert len(loaded) <= taken + 2 * 3
    results.close()
    assert not threads()


def test_an_error_is_raised_where_its_result_was_due():
    def load(i):
        if i == 2:
            message = "sample 2 is torn"
            raise OSError(message)
        return i

    results = read_ahead(load, range(9), 2, 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(OSError, match="sample 2 is torn"):
        next(results)
    assert not threads()


def test_a_loader_with_threads_gives_the_same_batches():
    def batches(workers):
        samples = [(float(i), i) for i in range(11)]
        loader = DataLoader(
            samples, 3, shuffle=True, generator=mt.Generator(0), num_workers=workers
        )
        return [[part.tolist() for part in batch] for batch in [*loader, *loader]]

    assert batches(3) == batches(0)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_pass_goes_on_where_it_was(workers):
    def loader():
        return DataLoader(
            [(i,) for i in range(9)],
            2,
            shuffle=True,
            generator=mt.Generator(1),
            num_workers=workers,
        )

    whole = [batch[0].tolist() for batch in loader()]
    first = iter(before := loader())
    seen = [next(first)[0].tolist() for _ in range(2)]
    state = before.state_dict()
    first.close()
    after = loader()
    after.load_state_dict(state)
    assert seen + [batch[0].tolist() for batch in after] == whole
    assert after.state_dict() == {"order": None, "position": 0}


@pytest.mark.parametrize("option", [{"num_workers": -1}, {"prefetch_factor": 0}])
def test_numbers_out_of_range(option):
    with pytest.raises(ValueError, match=f"DataLoader: {next(iter(option))} must be"):
        DataLoader([], 1, **option)
