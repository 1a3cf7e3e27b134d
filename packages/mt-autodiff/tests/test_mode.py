import pytest

from mt_autodiff import Scalar, is_grad_enabled, no_grad


def test_recording_is_on_and_comes_back():
    assert is_grad_enabled()
    with no_grad():
        assert not is_grad_enabled()
        with no_grad():
            assert not is_grad_enabled()
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_recording_comes_back_after_an_error():
    with pytest.raises(KeyError, match="lost"), no_grad():
        raise KeyError("lost")  # noqa: EM101
    assert is_grad_enabled()


def test_one_switch_can_be_entered_twice():
    off = no_grad()
    with off, off:
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_a_function_can_be_decorated_and_may_recurse():
    @no_grad()
    def count(n):
        return (is_grad_enabled(),) + (count(n - 1) if n else ())

    assert count(2) == (False, False, False)
    assert is_grad_enabled()


def test_a_decorated_function_returns_constants():
    @no_grad()
    def double(x):
        return 2.0 * x

    assert double(Scalar(1.0)).is_constant()
