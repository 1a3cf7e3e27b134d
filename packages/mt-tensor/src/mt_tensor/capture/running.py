"""What a replay does, as one generated function.

Beside the kernels of a small step every call from Python and every turn of a loop counts. So what a
replay does is written out, line by line, as `mt_tensor.capture.condition` writes out what it looks
at.
"""

from collections.abc import Callable, Sequence
from typing import Any

from mt_autodiff import next_id
from mt_tensor.capture.inputs import Places
from mt_tensor.capture.live import Live
from mt_tensor.capture.tape import Part
from mt_tensor.tensor_data import latest_write

Runner = Callable[[tuple[Any, ...]], Any]

OUTLINE = """\
def run(a):
    try:
        {filled}
    except ValueError:
        copy_all(a)
    try:
        {done}
    except BaseException:
        failed()
        raise
    latest_write[0] = stamp = next_id()
    {stamped}
    return give()
"""


def runner(
    places: Places,
    parts: Sequence[Part],
    stamps: Sequence[list[int]],
    failed: Callable[[], None],
    give: Callable[[], Any],
) -> Runner:
    """Return a function that takes a step with other arguments.

    Args:
        places: get the arguments.
        parts: of the tape.
        stamps: where the serial number of the write goes when all parts are done.
        failed: called when a part raises.
        give: returns the result.
    """
    scope: dict[str, Any] = {"copy_all": places.copy_all, "failed": failed, "give": give}
    scope |= {"latest_write": latest_write, "next_id": next_id}

    def named(value: Any) -> str:
        scope[name := f"v{len(scope)}"] = value
        return name

    filled = [f"{named(array)}[()] = a[{i}].data.storage" for i, array in places.arrays]
    done = [_done(part, named) for part in parts]
    stamped = [f"{named(box)}[0] = stamp" for box in stamps]
    told = {"filled": filled if places.plain else ["copy_all(a)"], "done": done, "stamped": stamped}
    lines = {key: "; ".join(value) or "pass" for key, value in told.items()}
    exec(OUTLINE.format(**lines), scope)  # noqa: S102  of names made here
    return scope["run"]  # type: ignore[no-any-return]


def _done(part: Part, named: Callable[[Any], str]) -> str:
    """Return what does a part; for an entry of a container, only where it is another object."""
    if not isinstance(part, Live):
        return f"{named(part)}()"
    refresh = f"{named(part.refresh)}()"
    if part.item is None:
        return refresh
    container, key = map(named, part.item)
    return f"{container}[{key}] is {named(part)}.value or {refresh}"
