import pytest
from sessions import fence_sessions


@pytest.mark.parametrize(
    ("text", "fenced"),
    [
        ("No session > here.", "No session > here."),
        (">>> 1\n1", "\n```pycon\n>>> 1\n1\n```"),
        ("a\n\n>>> 1\n1\n>>> 2\n2\n\nb", "a\n\n\n```pycon\n>>> 1\n1\n>>> 2\n2\n```\n\nb"),
        (">>> for i in x:\n...     f(i)\n", "\n```pycon\n>>> for i in x:\n...     f(i)\n```"),
        (
            "Args:\n    x: one.\n        >>> 1",
            "Args:\n    x: one.\n\n        ```pycon\n        >>> 1\n        ```",
        ),
        ("```python\n>>> 1\n```\n", "```python\n>>> 1\n```"),
    ],
)
def test_each_session_gets_a_fence_of_its_own(text, fenced):
    assert fence_sessions(text) == fenced


def test_fencing_again_changes_nothing():
    once = fence_sessions("a\n>>> 1\n1\n\n>>> 2\n2\n")
    assert fence_sessions(once) == once
