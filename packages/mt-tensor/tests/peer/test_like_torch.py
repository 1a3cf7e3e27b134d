"""Every public name against PyTorch: results, gradients, errors; the differences are listed.

Run as a script, this file prints the table of what is compared and how far apart the two are.
"""

import pickle
import sys
from copy import deepcopy

import numpy as np
import pytest

import mt_tensor as mt

torch = pytest.importorskip("torch", reason="the comparison with PyTorch needs torch")

functional = torch.nn.functional

TOLERANCE = 1e-12


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def positive(*shape):
    return abs(normal(*shape)) + 0.25


def tied(*shape):
    return np.random.default_rng(1).integers(-2, 3, shape) / 2.0


NAN = np.array([[1.0, np.nan, 3.0], [2.0, 2.0, -1.0]])
EDGES = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1000.0, -1000.0, 1e-300])
X, Y = normal(3, 4), normal(4, seed=1)

# Name: our call, PyTorch's (None: the same one), and the float64 arrays it is given.
CASES = {
    "add": (lambda x, y: x + y, None, [X, Y]),
    "sub": (lambda x, y: x - y, None, [X, Y]),
    "mul": (lambda x, y: x * y, None, [X, Y]),
    "div": (lambda x, y: x / y, None, [X, Y]),
    "add, numbers": (lambda x: 2 + x + 0.5, None, [X]),
    "sub, reflected": (lambda x: 2.0 - x, None, [X]),
    "div, reflected": (lambda x: 2.0 / x, None, [X]),
    "div, by zero": (lambda x: x / 0.0, None, [NAN]),
    "neg": (lambda x: -x, None, [X]),
    "neg, method": (lambda x: x.neg(), None, [X]),
    "abs": (lambda x: x.abs(), None, [tied(3, 4)]),
    "abs, edges": (lambda x: x.abs(), None, [EDGES]),
    "reciprocal": (lambda x: x.reciprocal(), None, [positive(3)]),
    "pow": (lambda x, y: x**y, None, [positive(3, 4), Y]),
    "pow, of a negative": (lambda x: x**3.0, None, [X]),
    "pow, square": (lambda x: x**2, None, [tied(3, 4)]),
    "pow, method": (lambda x: x.pow(-1.5), None, [positive(3)]),
    "pow, reflected": (lambda x: 2.0**x, None, [X]),
    "pow, at zero": (lambda x, y: x**y, None, [np.zeros(3), np.array([2.0, 1.0, 0.0])]),
    "exp": (lambda x: x.exp(), None, [X]),
    "exp, edges": (lambda x: x.exp(), None, [EDGES]),
    "log": (lambda x: x.log(), None, [positive(3)]),
    "log, edges": (lambda x: x.log(), None, [EDGES]),
    "sqrt": (lambda x: x.sqrt(), None, [positive(3)]),
    "sqrt, edges": (lambda x: x.sqrt(), None, [EDGES]),
    "sin": (lambda x: x.sin(), None, [X]),
    "cos": (lambda x: x.cos(), None, [X]),
    "tanh": (lambda x: x.tanh(), None, [X]),
    "tanh, edges": (lambda x: x.tanh(), None, [EDGES]),
    "sigmoid": (lambda x: x.sigmoid(), None, [X]),
    "sigmoid, edges": (lambda x: x.sigmoid(), None, [EDGES]),
    "relu": (lambda x: x.relu(), None, [tied(3, 4)]),
    "relu, edges": (lambda x: x.relu(), None, [np.delete(EDGES, 4)]),
    "erf": (lambda x: x.erf(), None, [X]),
    "gelu": (lambda x: x.gelu(), functional.gelu, [X]),
    "softplus": (lambda x: x.softplus(), functional.softplus, [X]),
    "leaky_relu": (lambda x: x.leaky_relu(), functional.leaky_relu, [tied(3, 4)]),
    "leaky_relu, slope": (
        lambda x: x.leaky_relu(0.3),
        lambda x: functional.leaky_relu(x, 0.3),
        [tied(3, 4)],
    ),
    "maximum": (lambda x, y: x.maximum(y), None, [tied(3, 4), tied(4)]),
    "minimum": (lambda x, y: x.minimum(y), None, [tied(3, 4), tied(4)]),
    "clamp": (lambda x: x.clamp(-0.5, 0.5), None, [tied(3, 4)]),
    "clamp, tensors": (lambda x, y: x.clamp(y, y + 1.0), None, [X, Y]),
    "where": (lambda x, y: x.where(x > y, y), None, [X, Y]),
    "sum": (lambda x: x.sum(1, keepdim=True), None, [X]),
    "sum, several": (lambda x: x.sum((0, -1), keepdim=False), None, [normal(2, 3, 4)]),
    "sum, all": (lambda x: x.sum(keepdim=False), lambda x: x.sum(), [X]),
    "mean": (lambda x: x.mean((0, 2), keepdim=True), None, [normal(2, 3, 4)]),
    "mean, of nothing": (lambda x: x.mean(1, keepdim=True), None, [np.ones((2, 0))]),
    "prod": (lambda x: x.prod(1, keepdim=True), None, [X]),
    "prod, zeros": (lambda x: x.prod(1, keepdim=True), None, [tied(5, 3)]),
    "max": (lambda x: x.max(1), lambda x: x.amax(1, keepdim=True), [tied(3, 5)]),
    "max, nan": (lambda x: x.max(1), lambda x: x.amax(1, keepdim=True), [NAN]),
    "max, all": (lambda x: x.max(keepdim=False), lambda x: x.max(), [X]),
    "min": (lambda x: x.min((0, 1)), lambda x: x.amin((0, 1), keepdim=True), [tied(3, 4, 2)]),
    "var": (lambda x: x.var(1, keepdim=True), None, [X]),
    "var, correction": (lambda x: x.var((0, 1), correction=0, keepdim=False), None, [X]),
    "std": (lambda x: x.std(0, keepdim=True), None, [X]),
    "logsumexp": (lambda x: x.logsumexp(1, keepdim=True), None, [X]),
    "logsumexp, several": (lambda x: x.logsumexp((0, 1), keepdim=False), None, [X]),
    "cumsum": (lambda x: x.cumsum(1), None, [normal(2, 7)]),
    "cumsum, edges": (lambda x: x.cumsum(0), None, [EDGES]),
    "matmul": (lambda x, y: x @ y, None, [X, normal(4, 2)]),
    "matmul, vectors": (lambda x, y: x.matmul(y), None, [Y, normal(4, seed=2)]),
    "matmul, vector and batch": (lambda x, y: x @ y, None, [Y, normal(2, 4, 3)]),
    "matmul, batch and vector": (lambda x, y: x @ y, None, [normal(2, 3, 4), Y]),
    "matmul, batches": (lambda x, y: x @ y, None, [normal(2, 1, 3, 4), normal(5, 4, 2)]),
    "einsum": (
        lambda x, y: mt.einsum("bij,kj->bik", x, y),
        lambda x, y: torch.einsum("bij,kj->bik", x, y),
        [normal(2, 3, 4), normal(5, 4)],
    ),
    "view": (lambda x: x.view(2, -1), None, [X]),
    "reshape": (lambda x: x.transpose(0, 1).reshape(2, 6), None, [X]),
    "permute": (lambda x: x.permute(2, 0, 1), None, [normal(2, 3, 4)]),
    "transpose": (lambda x: x.transpose(0, -1), None, [normal(2, 3, 4)]),
    "T": (lambda x: x.T, None, [X]),
    "flatten": (lambda x: x.flatten(1), None, [normal(2, 3, 4)]),
    "flatten, some": (lambda x: x.flatten(0, 1), None, [normal(2, 3, 4)]),
    "flatten, a number": (lambda x: x.flatten(), None, [np.array(3.0)]),
    "squeeze": (lambda x: x.squeeze(), None, [normal(1, 3, 1)]),
    "squeeze, one": (lambda x: x.squeeze(1), None, [normal(1, 3, 1)]),
    "unsqueeze": (lambda x: x.unsqueeze(-1), None, [X]),
    "expand": (lambda x: x.expand(2, -1, 4), None, [normal(3, 1)]),
    "contiguous": (lambda x: x.T.contiguous(), None, [X]),
    "clone": (lambda x: x.clone(), None, [X]),
    "flip": (lambda x: x.flip(0, 1), None, [X]),
    "narrow": (lambda x: x.narrow(1, 1, 2), None, [X]),
    "split": (lambda x: x.split(2, 1)[1], None, [X]),
    "split, a list": (lambda x: x.split([1, 2])[1], None, [X]),
    "to": (lambda x: x.to("float32"), lambda x: x.to(torch.float32), [X]),
    "index, int": (lambda x: x[-1], None, [X]),
    "index, slices": (lambda x: x[1:, ::2], None, [X]),
    "index, none": (lambda x: x[:, None, ..., None], None, [X]),
    "index, list": (lambda x: x[[0, 2, 0]], None, [X]),
    "index, lists": (lambda x: x[[0, 2], [1, -1]], None, [X]),
    "index, lists apart": (lambda x: x[[0, 1], :, [2, 0]], None, [normal(2, 3, 4)]),
    "index, int beside a list": (lambda x: x[0, :, [2, 0]], None, [normal(2, 3, 4)]),
    "index, mask": (lambda x: x[x > 0.0], None, [X]),
    "index, mask of rows": (lambda x: x[x.detach()[:, 0] > 0.0, 1:], None, [X]),
    "iterate": (lambda x: sum(row * row for row in x), None, [X]),
    "cat": (lambda x, y: mt.cat([x, y], 1), lambda x, y: torch.cat([x, y], 1), [X, normal(3, 2)]),
    "stack": (lambda x, y: mt.stack([x, y], -1), lambda x, y: torch.stack([x, y], -1), [X, X + 1]),
    "pad": (lambda x: mt.pad(x, (1, 2, 0, 1)), lambda x: functional.pad(x, (1, 2, 0, 1)), [X]),
    "pad, a value": (
        lambda x: mt.pad(x, (2, 0), 3.5),
        lambda x: functional.pad(x, (2, 0), value=3.5),
        [X],
    ),
    "tril": (lambda x: mt.tril(x, -1), lambda x: torch.tril(x, -1), [X]),
    "triu": (mt.triu, torch.triu, [normal(2, 3, 3)]),
}

# Results that are no floats, or that no gradient flows through.
CONSTANTS = {
    "lt": (lambda x, y: x < y, None, [tied(3, 4), tied(4)]),
    "le": (lambda x, y: x <= y, None, [tied(3, 4), tied(4)]),
    "gt": (lambda x, y: x > y, None, [tied(3, 4), tied(4)]),
    "ge": (lambda x, y: x >= y, None, [tied(3, 4), tied(4)]),
    "eq": (lambda x, y: x == y, None, [tied(3, 4), tied(4)]),
    "ne": (lambda x, y: x != y, None, [NAN, NAN]),
    "all": (lambda x: x.all(1, keepdim=True), None, [tied(5, 2)]),
    "any": (lambda x: x.any(1, keepdim=True), None, [tied(5, 2)]),
    "argmax": (lambda x: x.argmax(1, keepdim=True), None, [X]),
    "argmax, all": (lambda x: x.argmax(keepdim=False), lambda x: x.argmax(), [X]),
    "argmax, nan": (lambda x: x.argmax(1, keepdim=False), None, [NAN]),
    "argmin": (lambda x: x.argmin(0, keepdim=True), None, [X]),
    "detach": (lambda x: x.detach(), None, [X]),
    "add_": (lambda x, y: x.add_(y), None, [X, Y]),
    "sub_": (lambda x, y: x.sub_(y), None, [X, Y]),
    "mul_": (lambda x, y: x.mul_(y), None, [X, Y]),
    "div_": (lambda x, y: x.div_(y), None, [X, Y]),
    "copy_": (lambda x, y: x.copy_(y), None, [X, Y]),
    "fill_": (lambda x: x.fill_(2.5), None, [X]),
    "zero_": (lambda x: x.zero_(), None, [X]),
    "numpy": (lambda x: mt.tensor(x.numpy()), lambda x: torch.tensor(x.numpy()), [X]),
    "tolist": (lambda x: mt.tensor(x.tolist()), lambda x: x.new_tensor(x.tolist()), [X]),
    "zeros": (lambda: mt.zeros(2, 3), lambda: torch.zeros(2, 3).double(), []),
    "ones": (lambda: mt.ones((2, 3)), lambda: torch.ones((2, 3)).double(), []),
    "full": (lambda: mt.full((2,), 1.5), lambda: torch.full((2,), 1.5).double(), []),
    "eye": (lambda: mt.eye(2, 3), lambda: torch.eye(2, 3).double(), []),
    "arange": (lambda: mt.arange(2, 9, 3), lambda: torch.arange(2, 9, 3), []),
    "arange, floats": (
        lambda: mt.arange(0.0, 1.0, 0.3),
        lambda: torch.arange(0.0, 1.0, 0.3, dtype=torch.float64),
        [],
    ),
    "linspace": (
        lambda: mt.linspace(-1, 2, 5),
        lambda: torch.linspace(-1, 2, 5, dtype=torch.float64),
        [],
    ),
    "zeros_like": (mt.zeros_like, torch.zeros_like, [X]),
    "ones_like": (mt.ones_like, torch.ones_like, [X]),
    "full_like": (lambda x: mt.full_like(x, 2.0), lambda x: torch.full_like(x, 2.0), [X]),
    "tensor, ints": (lambda: mt.tensor([[1, 2]]), lambda: torch.tensor([[1, 2]]), []),
    "tensor, truth": (lambda: mt.tensor([True]), lambda: torch.tensor([True]), []),
}

DIFFERENCES = {
    "sum, mean, prod, max, min, var, std, logsumexp, all, any, argmax, argmin": (
        "keep the reduced dimension unless keepdim=False; over all dimensions the shape is (1,)"
    ),
    "max, min": "return the values alone; argmax and argmin return the positions",
    "dtype": "float64 is the default; dtypes promote as NumPy's; folds and operators give floats",
    "data": "storage, shape, strides and offset; detach() gives a tensor without a graph",
    "size": "a property, the number of elements; shape has the sizes",
    "is_leaf": "a method; constants are no leaves",
    "sum of ()": "over no dimension, as in NumPy: nothing is added up",
    "requires_grad": "True also for results, as in PyTorch; but there are no second derivatives",
    "apply_": "takes a function of several floats that a backend compiles, and further operands",
    "augmented assignment": "a += b makes a new tensor; add_ writes in place",
    "std at 0": "has no gradient (nan); PyTorch gives 0",
    "relu of nan": "is nan, and its gradient 0; PyTorch passes the gradient on",
    "negative steps": "slices may have them, as in NumPy",
    "manual_seed": "other numbers than PyTorch's: NumPy's PCG64",
}
"""Where a name that PyTorch has means something else here, and what."""


def both(name, table):
    """Run a call in the two libraries on leaves of equal content."""
    ours, theirs, arrays = table[name]
    record = table is CASES
    mine = [mt.tensor(a, backend="simple", requires_grad=record) for a in arrays]
    other = [torch.tensor(a, requires_grad=record) for a in arrays]
    return ours(*mine), (theirs or ours)(*other), mine, other


def difference(mine, theirs):
    """Return the largest difference, infinite where one is nan or infinite and the other not."""
    assert tuple(mine.shape) == tuple(theirs.shape)
    mine, theirs = np.asarray(mine, float), np.asarray(theirs, float)
    same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, abs(mine - theirs))
    return float(np.where(np.isnan(apart), np.inf, apart).max(initial=0.0))


def forward_difference(name, table):
    mine, theirs, *_ = both(name, table)
    return difference(mine.detach().numpy(), theirs.detach().numpy())


def backward_difference(name):
    mine, theirs, leaves, others = both(name, CASES)
    grad = np.random.default_rng(9).standard_normal(mine.shape)
    mine.backward(grad)
    theirs.backward(torch.tensor(grad).to(theirs.dtype))
    pairs = zip(leaves, others, strict=True)
    return max(difference(a.grad.numpy(), b.grad.numpy()) for a, b in pairs)


@pytest.mark.parametrize("name", CASES)
def test_results(name):
    assert forward_difference(name, CASES) <= TOLERANCE


@pytest.mark.parametrize("name", CASES)
def test_gradients(name):
    assert backward_difference(name) <= TOLERANCE


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants(name):
    mine, theirs, *_ = both(name, CONSTANTS)
    assert difference(mine.numpy(), theirs.numpy()) <= TOLERANCE
    assert str(mine.dtype) == str(theirs.dtype).removeprefix("torch.")


def test_the_differences_are_there():
    x = mt.ones(2, 3)
    assert (x.sum(1).shape, x.sum().shape, torch.ones(2, 3).sum(1).shape) == ((2, 1), (1,), (2,))
    assert isinstance(x.max(1), mt.Tensor)
    assert not isinstance(torch.ones(2, 3).max(1), torch.Tensor)
    assert (mt.tensor([1.0]).dtype, torch.tensor([1.0]).dtype) == (mt.float64, torch.float32)
    assert (x.size, tuple(torch.ones(2, 3).size())) == (6, (2, 3))
    assert (x.is_leaf(), torch.ones(2, 3).is_leaf) == (False, True)
    assert (x.sum(()).shape, torch.ones(2, 3).sum(()).shape) == ((2, 3), ())
    assert (mt.tensor([1]) + 1).dtype == mt.float64
    assert x[::-1].shape == (2, 3)
    with pytest.raises(ValueError, match="step must be greater than zero"):
        torch.ones(2, 3)[::-1]
    for f, start in ((lambda a: a.std(), [1.0, 1.0]), (lambda a: a.relu(), [np.nan])):
        grads = []
        for library in (mt, torch):
            leaf = library.tensor(start, requires_grad=True)
            f(leaf).sum().backward()
            grads.append(leaf.grad.tolist()[0])
        assert grads[0] != grads[1]


METHODS_WITHOUT_A_PEER = {
    *("backend", "data", "grad", "history", "hooks", "parents", "unique_id"),
    *("dtype", "ndim", "shape", "size", "requires_grad", "is_constant", "is_leaf"),
    *("chain_rule", "describe", "apply_", "item", "is_close", "zero_grad_"),
    *("backward", "register_hook", "requires_grad_"),
}


def test_every_method_is_compared():
    compared = {name.split(",")[0] for name in (*CASES, *CONSTANTS)}
    public = {name for name in dir(mt.Tensor) if not name.startswith("_")}
    assert public - compared == METHODS_WITHOUT_A_PEER


def test_accumulation_hooks_and_leaves():
    for library in (mt, torch):
        x = library.tensor([1.0, 2.0], requires_grad=True)
        remove = x.register_hook(lambda grad: grad * 3.0)
        y = x * x
        y.register_hook(lambda grad: grad + 1.0)
        y.sum().backward(retain_graph=True)
        y.sum().backward()
        assert x.grad.tolist() == [24.0, 48.0]
        getattr(remove, "remove", remove)()
        assert not x.detach().requires_grad
        assert y.requires_grad
        with library.no_grad():
            assert not (x * x).requires_grad
        assert x.requires_grad_(False) is x
        assert x.sum().item() == 3.0


def test_deep_copies_have_gradients_of_their_own():
    for library in (mt, torch):
        x = library.tensor([1.0, 2.0], requires_grad=True)
        (x * x).sum().backward()
        copied, again = deepcopy([x, x])
        assert copied is again
        (copied * 3.0).sum().backward()
        assert copied.grad.tolist() == [5.0, 7.0]
        assert x.grad.tolist() == [2.0, 4.0]
        assert pickle.loads(pickle.dumps(x)).grad is None  # noqa: S301


def leaf(library, n):
    return library.ones(n, requires_grad=True)


def saved_and_written(library):
    x = leaf(library, 2)
    y = x.exp()
    with library.no_grad():
        y.mul_(2.0)
    y.sum().backward()


ERRORS = {
    "no scalar": lambda lib: (leaf(lib, 2) * 2.0).backward(),
    "a constant": lambda lib: lib.ones(1).backward(),
    "freed": lambda lib: [y := leaf(lib, 2).exp().sum(), y.backward(), y.backward()],
    "a gradient of another shape": lambda lib: leaf(lib, 2).backward(lib.ones(3)),
    "integers": lambda lib: lib.tensor([1]).requires_grad_(),
    "written in place": lambda lib: leaf(lib, 2).add_(1.0),
    "saved and written": saved_and_written,
    "stride 0 written": lambda lib: lib.zeros(1).expand(3).add_(1.0),
    "broadcasting": lambda lib: lib.ones(2) + lib.ones(3),
    "product": lambda lib: lib.ones(2, 3) @ lib.ones(2, 3),
    "product with a number": lambda lib: lib.tensor(2.0) @ lib.ones(2),
    "view": lambda lib: lib.ones(2, 3).T.view(6),
    "view of another size": lambda lib: lib.ones(2, 3).view(4),
    "two unknown sizes": lambda lib: lib.ones(2, 3).view(-1, -1),
    "expand": lambda lib: lib.ones(2).expand(3),
    "expand by -1": lambda lib: lib.ones(2).expand(-1, 2),
    "permute": lambda lib: lib.ones(2, 3).permute(0, 0),
    "flatten": lambda lib: lib.ones(2, 3).flatten(1, 0),
    "axis": lambda lib: lib.ones(2).sum(1),
    "axis twice": lambda lib: lib.ones(2, 2).sum((0, 0)),
    "index": lambda lib: lib.ones(2)[2],
    "too many indices": lambda lib: lib.ones(2)[0, 0],
    "list index": lambda lib: lib.ones(2)[[0, 5]],
    "mask": lambda lib: lib.ones(2)[lib.tensor([True])],
    "cat": lambda lib: lib.cat([lib.ones(2, 3), lib.ones(2, 4)]),
    "cat of numbers": lambda lib: lib.cat([lib.tensor(1.0)]),
    "cat of nothing": lambda lib: lib.cat([]),
    "stack": lambda lib: lib.stack([lib.ones(2), lib.ones(3)]),
    "split": lambda lib: lib.ones(3).split([1, 1]),
    "narrow": lambda lib: lib.ones(3).narrow(0, 2, 2),
    "max of nothing": lambda lib: lib.ones(0).argmax(),
    "item": lambda lib: lib.ones(2).item(),
    "bool": lambda lib: bool(lib.ones(2)),
    "len": lambda lib: len(lib.tensor(1.0)),
    "numpy of a leaf": lambda lib: leaf(lib, 2).numpy(),
    "ragged": lambda lib: lib.tensor([[1.0], [2.0, 3.0]]),
    "text": lambda lib: lib.tensor("text"),
    "size": lambda lib: lib.zeros(-1),
    "arange": lambda lib: lib.arange(0, 3, 0),
    "randint": lambda lib: lib.randint(3, 3, (1,)),
    "einsum": lambda lib: lib.einsum("ij,jk->ik", lib.ones(2, 3), lib.ones(4, 2)),
    "tril": lambda lib: lib.tril(lib.ones(2)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_pytorch_refuses_is_refused_with_one_line(name):
    errors = (RuntimeError, ValueError, TypeError, IndexError)
    with pytest.raises(errors):
        ERRORS[name](torch)
    with pytest.raises(errors) as caught:
        ERRORS[name](mt)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) > 15


def table():
    """Yield the lines of the table."""
    yield f"| call | result | gradient | (largest difference; PyTorch {torch.__version__})"
    yield "| --- | --- | --- |"
    for name in CASES:
        forward, backward = forward_difference(name, CASES), backward_difference(name)
        yield f"| {name} | {forward:.1e} | {backward:.1e} |"
    for name in CONSTANTS:
        yield f"| {name} | {forward_difference(name, CONSTANTS):.1e} | |"
    yield "\nDeliberate differences:\n"
    for name, what in DIFFERENCES.items():
        yield f"- {name}: {what}"


if __name__ == "__main__":
    mt.set_default_backend("simple")
    sys.stdout.write("\n".join(table()) + "\n")
