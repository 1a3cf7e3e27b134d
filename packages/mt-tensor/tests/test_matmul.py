"""Matrix products, and sums of products in Einstein's notation, against NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mt_tensor as mt
from mt_tensor import ShapeError
from mt_tensor.testing.strategies import arrays, broadcastable


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_products_of_every_kind(data):
    batches = data.draw(broadcastable(2, max_dims=2))
    rows, inner, columns = (data.draw(st.integers(0, 3)) for _ in range(3))
    left = data.draw(st.sampled_from([(*batches[0], rows, inner), (inner,)]))
    right = data.draw(st.sampled_from([(*batches[1], inner, columns), (inner,)]))
    a, b = data.draw(arrays(left)), data.draw(arrays(right))
    result = mt.tensor(a) @ mt.tensor(b)
    np.testing.assert_allclose(result.numpy(), np.matmul(a, b), atol=1e-12, strict=True)


@pytest.mark.parametrize(
    "dtypes", [("float32", "float32"), ("float32", "float64"), ("int64", "bool")]
)
def test_dtypes_meet(dtypes):
    a, b = (np.array([[1, 0], [2, 3]], dtype) for dtype in dtypes)
    result = mt.tensor(a) @ mt.tensor(b)
    meet = np.promote_types(*dtypes)
    assert result.dtype == (meet if meet.kind == "f" else mt.float64)
    np.testing.assert_allclose(result.numpy(), a.astype(float) @ b.astype(float))


def test_lists_and_arrays_are_factors():
    x = mt.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert (x @ [1.0, 1.0]).tolist() == [3.0, 7.0]
    assert ([1.0, 1.0] @ x).tolist() == [4.0, 6.0]
    assert x.matmul(np.eye(2)).tolist() == x.tolist()


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (
            lambda: mt.ones(32, 7) @ mt.ones(10, 7),
            r"a is \(32, 7\) and b is \(10, 7\); a\.shape\[-1\] = 7 must .* = 10; b\.transpose",
        ),
        (lambda: mt.ones(2, 3) @ mt.ones(2), r"a\.shape\[-1\] = 3 must equal b\.shape\[0\] = 2"),
        (lambda: mt.ones(3) @ mt.ones(2, 2), r"a is \(3,\) and b is \(2, 2\)"),
        (
            lambda: mt.ones(2, 3, 4) @ mt.ones(5, 4, 2),
            r"matmul: a is \(2, 3, 4\) and b is \(5, 4, 2\); the batches: \(2,\) and \(5,\) do not",
        ),
        (lambda: mt.ones(2, 2) @ 2.0, r"a is \(2, 2\) and b is \(\); both need a dim.* use \*"),
        (lambda: 2.0 @ mt.ones(2, 2), r"a is \(\) and b is \(2, 2\); both need a dimension"),
        (lambda: mt.tensor(2.0) @ mt.ones(2), "both need a dimension"),
    ],
)
def test_factors_that_do_not_fit(f, message):
    with pytest.raises(ShapeError, match=message):
        f()


EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("ij,jk->ki", (2, 3), (3, 4)),
    ("bij,bjk->bik", (5, 2, 3), (5, 3, 4)),
    ("bij,jk->bki", (5, 2, 3), (3, 4)),
    ("i,i->", (3,), (3,)),
    ("i,j->ij", (2,), (3,)),
    ("i,j->ji", (2,), (3,)),
    ("ij,ij->ij", (2, 3), (2, 3)),
    ("ij,ij->", (2, 3), (2, 3)),
    ("ij,kj->", (2, 3), (4, 3)),
    ("ij->ji", (2, 3)),
    ("ij->i", (2, 3)),
    ("ij->", (2, 3)),
    ("ji", (2, 3)),
    ("ij", (2, 3)),
    ("i,ij,j->", (2,), (2, 3), (3,)),
    ("ab,bc,cd->ad", (2, 3), (3, 4), (4, 2)),
    ("ab,bc,cd,de->ea", (2, 3), (3, 4), (4, 2), (2, 3)),
    ("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5)),
    ("ijk,jil->kl", (2, 3, 4), (3, 2, 5)),
    ("ij , jk -> ik", (2, 0), (0, 3)),
    ("i,j,k->", (2,), (3,), (4,)),
    (",i->i", (), (3,)),
]


@pytest.mark.parametrize("case", EQUATIONS, ids=lambda case: case[0])
def test_einsum_is_numpys(case):
    equation, *shapes = case
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal(shape) for shape in shapes]
    result = mt.einsum(equation, *map(mt.tensor, inputs))
    wanted = np.einsum(equation, *inputs)
    np.testing.assert_allclose(result.numpy(), wanted, atol=1e-12, strict=True)


@pytest.mark.parametrize(
    ("equation", "shapes", "message"),
    [
        ("ij,jk", [(2, 3)], r"einsum: 'ij,jk' has 2 terms for 1 operands"),
        ("ij", [(2, 3), (3,)], "has 1 terms for 2 operands"),
        ("i1->i", [(2, 3)], "may name dimensions by letters only"),
        ("...ij->ij", [(2, 3)], "may name dimensions by letters only"),
        ("ii->i", [(2, 2)], "repeats a name within a term"),
        ("i->ii", [(2,)], "repeats a name within a term"),
        ("i->j", [(2,)], r"has \['j'\] in the result only"),
        ("ijk->i", [(2, 3)], r"term 'ijk' has 3 names for \(2, 3\)"),
        ("ij,jk->ik", [(2, 3), (4, 2)], r"'j' is 3 and, in operand 1, 4"),
    ],
)
def test_equations_that_are_refused(equation, shapes, message):
    with pytest.raises(ShapeError, match=message):
        mt.einsum(equation, *(mt.ones(*shape) for shape in shapes))
