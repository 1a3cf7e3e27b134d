"""Preparing an operator's Python function for a compiler.

An operator is written over Python floats, and calls other operators, helper functions and `math`.
A compiler of single functions wants less: functions that call compiled functions only, and
constants in the precision to compute in. `lower` rebuilds the function so; `fingerprint` names
its content, so that a compiled kernel can be kept on disk and found again by a later process.

Both follow the same references: the globals and closure cells that the bytecode loads, and the
attributes that it takes of modules (`math.exp`). Neither imports a compiler.
"""

import dis
import hashlib
import struct
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from mt_operators import Op
from mt_tensor.dtypes import DType
from mt_tensor.errors import BackendError

Jit = Callable[[FunctionType], Any]


def lower(fn: Op | Callable[..., float], jit: Jit, dtype: DType, twins: Mapping[Any, Any]) -> Any:
    """Compile a float function, and the functions that it reaches, for one dtype.

    Every operator and every plain function among its globals, its closure and the modules that
    it uses is replaced, recursively, by its own lowered version; every float constant becomes a
    number of `dtype`, so that a float32 kernel holds no float64 arithmetic.

    Args:
        fn: an operator, or a function of floats.
        jit: compiles one rebuilt function; what it returns may be called by compiled code.
        dtype: what to compute in; constants stay as they are unless it is a float dtype.
        twins: what stands in for an operator or function, such as the backend's own `exp`.

    Returns:
        What `jit` made of the function, or the twin.

    Raises:
        BackendError: the function reaches itself, raises, or is no Python function.

    >>> double = lower(lambda x: 2.0 * x, lambda function: function, np.dtype("float32"), {})
    >>> double(np.float32(0.1)).dtype
    dtype('float32')
    """
    return _Lowering(jit, dtype, twins).compiled(fn)


def fingerprint(fn: Op | Callable[..., float]) -> str:
    """Return a hash of everything that decides what a float function computes.

    That is its bytecode, constants and defaults, and the values of the globals, closure cells
    and module attributes that it reaches, followed recursively. It is the same in every process
    of one version of Python, and differs where any of these differs.

    Raises:
        BackendError: it reaches a value that has no content to hash, such as an open file.

    >>> fingerprint(lambda x: 2.0 * x) == fingerprint(lambda x: 3.0 * x)
    False
    """
    digest = hashlib.sha256()
    for token in _tokens(fn, ()):
        digest.update(token)
        digest.update(b"\0")
    return digest.hexdigest()


class _Lowering:
    """One call of `lower`: what has been compiled, and the functions on the way there."""

    def __init__(self, jit: Jit, dtype: DType, twins: Mapping[Any, Any]) -> None:
        self._jit = jit
        self._number = dtype.type if dtype.kind == "f" else float
        self._twins = twins
        self._done: dict[int, Any] = {}
        self._path: list[FunctionType] = []

    def compiled(self, fn: Any) -> Any:
        if _key(fn) in self._twins:
            return self._twins[fn]
        function = fn.forward if isinstance(fn, Op) else fn
        if isinstance(function, BuiltinFunctionType):
            return function
        if not isinstance(function, FunctionType):
            message = f"cannot compile {fn!r}: it is a {type(fn).__name__}, not a Python function"
            raise BackendError(message)
        if id(function) not in self._done:
            self._done[id(function)] = self._compile(function)
        return self._done[id(function)]

    def _compile(self, function: FunctionType) -> Any:
        _refuse_cycle(function, self._path)
        _refuse_raise(function)
        self._path.append(function)
        rebuilt = self._rebuilt(function)
        self._path.pop()
        return self._jit(rebuilt)

    def _rebuilt(self, function: FunctionType) -> FunctionType:
        code = function.__code__.replace(co_consts=self._constants(function.__code__.co_consts))
        scope: dict[str, Any] = {"__name__": __name__, "__builtins__": __builtins__}
        for name, attributes in _loads(function.__code__).items():
            if name in function.__globals__:
                scope[name] = self._global(function.__globals__[name], attributes)
        cells = tuple(CellType(self._value(c.cell_contents)) for c in function.__closure__ or ())
        defaults = function.__defaults__ and self._constants(function.__defaults__)
        rebuilt = FunctionType(code, scope, function.__name__, defaults, cells or None)
        keywords = function.__kwdefaults__ or {}
        rebuilt.__kwdefaults__ = {name: self._value(v) for name, v in keywords.items()} or None
        return rebuilt

    def _global(self, value: Any, attributes: frozenset[str]) -> Any:
        if not isinstance(value, ModuleType):
            return self._value(value)
        members = {name: self._value(v) for name, v in _members(value, attributes)}
        if all(member is getattr(value, name) for name, member in members.items()):
            return value
        stand_in = ModuleType(value.__name__)
        vars(stand_in).update(members)
        return stand_in

    def _value(self, value: Any) -> Any:
        if isinstance(value, float):
            return self._number(value)
        if type(value) is tuple:
            return tuple(map(self._value, value))
        if isinstance(value, CodeType):
            return value.replace(co_consts=self._constants(value.co_consts))
        if isinstance(value, Op | FunctionType) or _key(value) in self._twins:
            return self.compiled(value)
        return value

    def _constants(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(map(self._value, values))


def _refuse_cycle(function: FunctionType, path: list[FunctionType]) -> None:
    if function in path:
        names = " -> ".join(f.__name__ for f in (*path[path.index(function) :], function))
        message = f"cannot compile {path[0].__name__}: it is recursive: {names}"
        raise BackendError(message)


def _refuse_raise(function: FunctionType) -> None:
    """Refuse `raise` and `assert`: a kernel on many elements has nowhere to raise to."""
    if any(step.opname == "RAISE_VARARGS" for step in dis.get_instructions(function)):
        message = f"cannot compile {function.__name__}: it raises; return nan instead"
        raise BackendError(message)


def _key(value: Any) -> Any:
    """Return the value if it can be looked up, else None."""
    return value if type(value).__hash__ is not None and not isinstance(value, tuple) else None


def _loads(code: CodeType) -> dict[str, frozenset[str]]:
    """Return the globals that the code loads, each with the attributes that it takes of it."""
    found: dict[str, frozenset[str]] = {}
    previous = None
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            previous = instruction.argval
            found.setdefault(previous, frozenset())
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and previous is not None:
            found[previous] |= {instruction.argval}
            previous = None
        else:
            previous = None
    inner = (_loads(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return reduce(_union, inner, found)


def _union(a: dict[str, frozenset[str]], b: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    return {name: a.get(name, frozenset()) | b.get(name, frozenset()) for name in {**a, **b}}


def _members(module: ModuleType, attributes: frozenset[str]) -> Iterator[tuple[str, Any]]:
    return ((name, getattr(module, name)) for name in sorted(attributes) if hasattr(module, name))


def _tokens(value: Any, path: tuple[FunctionType, ...]) -> Iterator[bytes]:
    """Yield what identifies a value; each kind begins with a word of its own."""
    value = getattr(value, "py_func", value)
    if isinstance(value, Op):
        yield from _tokens(value.forward, path)
    elif isinstance(value, FunctionType):
        yield from _function_tokens(value, path)
    elif isinstance(value, CodeType):
        yield from _code_tokens(value, path)
    elif isinstance(value, tuple | frozenset):
        yield f"{type(value).__name__} {len(value)}".encode()
        for item in value if isinstance(value, tuple) else sorted(value, key=repr):
            yield from _tokens(item, path)
    else:
        yield _atom(value)


def _function_tokens(function: FunctionType, path: tuple[FunctionType, ...]) -> Iterator[bytes]:
    if function in path:
        yield f"cycle {path.index(function)}".encode()
        return
    path = (*path, function)
    yield b"function"
    yield from _code_tokens(function.__code__, path)
    cells = tuple(cell.cell_contents for cell in function.__closure__ or ())
    keywords = tuple(sorted((function.__kwdefaults__ or {}).items()))
    yield from _tokens((function.__defaults__, keywords, cells), path)
    for name, attributes in sorted(_loads(function.__code__).items()):
        if name in function.__globals__:
            yield name.encode()
            yield from _global_tokens(function.__globals__[name], attributes, path)


def _global_tokens(
    value: Any,
    attributes: frozenset[str],
    path: tuple[FunctionType, ...],
) -> Iterator[bytes]:
    yield from _tokens(value, path)
    if isinstance(value, ModuleType):
        for name, member in _members(value, attributes):
            yield name.encode()
            yield from _tokens(member, path)


def _code_tokens(code: CodeType, path: tuple[FunctionType, ...]) -> Iterator[bytes]:
    yield code.co_code
    arguments = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    yield from _tokens((arguments, code.co_names, code.co_varnames, code.co_freevars), path)
    yield from _tokens(code.co_consts, path)


def _atom(value: Any) -> bytes:
    """Identify a value that holds no function, by its type and content."""
    kind = f"{type(value).__module__}.{type(value).__qualname__} ".encode()
    if value is None or value is Ellipsis or isinstance(value, bool | int | str | bytes):
        return kind + repr(value).encode()
    if isinstance(value, float):
        return kind + struct.pack("<d", value)
    if isinstance(value, np.ndarray | np.generic) and value.dtype != object:
        return kind + f"{value.dtype.str} {value.shape} ".encode() + value.tobytes()
    if isinstance(value, ModuleType):
        return kind + value.__name__.encode()
    if isinstance(value, BuiltinFunctionType | type | np.ufunc):
        module = getattr(value, "__module__", None)
        return kind + f"{module}.{getattr(value, '__qualname__', value.__name__)}".encode()
    message = f"cannot identify {value!r}: a compiled function may not depend on a {kind.decode()}"
    raise BackendError(message.rstrip())
