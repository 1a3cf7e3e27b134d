import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors import safe_open

import mt_tensor as mt
from mt_nn import BatchNorm1d, Linear, Parameter, Sequential, load_weights, save_weights
from mt_nn.checkpoint import (
    CheckpointError,
    files,
    load_tree,
    read_safetensors,
    save_tree,
    write_safetensors,
)

DTYPES = ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1", "?"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kept.safetensors"


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_arrays_come_back(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("kept") / "kept.safetensors"
    names = data.draw(
        st.lists(st.text(max_size=5).filter(lambda n: n != "__metadata__"), unique=True)
    )
    shapes = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    kept = {n: data.draw(arrays(data.draw(st.sampled_from(DTYPES)), shapes)) for n in names}
    notes = data.draw(st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
    write_safetensors(path, kept, notes)
    found, metadata = read_safetensors(path)
    assert found.keys() == kept.keys()
    assert metadata == notes
    for name, array in kept.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a.T,
        lambda a: a[::-1, ::2],
        lambda a: np.broadcast_to(a[0], (3, 4)),
        lambda a: a.astype(">f8"),
    ],
)
def test_any_layout_is_written_in_order(path, view):
    array = view(np.arange(12.0).reshape(3, 4))
    write_safetensors(path, {"a": array})
    np.testing.assert_array_equal(read_safetensors(path)[0]["a"], array)


def test_the_published_library_reads_it(path):
    turned = np.arange(6.0).reshape(2, 3).T
    write_safetensors(path, {"b": np.array(1, "i1"), "a": turned}, {"x": "y"})
    with safe_open(path, framework="np") as file:
        assert file.metadata() == {"x": "y"}
        np.testing.assert_array_equal(file.get_tensor("a"), turned, strict=True)
        np.testing.assert_array_equal(file.get_tensor("b"), np.array(1, "i1"), strict=True)


def test_what_is_read_does_not_change_with_the_file(path):
    write_safetensors(path, {"a": np.arange(4.0)})
    arrays, _ = read_safetensors(path)
    content = path.read_bytes()
    path.write_bytes(content[:-32] + bytes(32))
    assert arrays["a"].tolist() == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("array", [np.zeros(2, complex), np.zeros(2, "U3"), np.array([None])])
def test_a_dtype_that_the_format_does_not_have(path, array):
    with pytest.raises(CheckpointError, match=r"z is .*; a file holds floats, integers and truth"):
        write_safetensors(path, {"z": array})
    assert not path.exists()


def test_every_truncation_is_told(path):
    write_safetensors(path, {"a": np.arange(4.0)}, {"k": "v"})
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        message = rf"kept.safetensors: truncated, or not a .* file: {length} bytes; "
        with pytest.raises(CheckpointError, match=message):
            read_safetensors(path)


HEADER = b'{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}'
FLOAT8 = b'{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}'


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 a zip archive, or a pickle",
        struct.pack("<Q", 9) + b"{not json" + b"\0" * 16,
        struct.pack("<Q", 2) + b"{}" + b"more",
        struct.pack("<Q", 7) + b'{"a":1}',
        struct.pack("<Q", 2**62) + HEADER,
        struct.pack("<Q", len(HEADER)) + HEADER.replace(b"F64", b"F99") + b"\0" * 16,
        struct.pack("<Q", len(HEADER)) + HEADER.replace(b"[2]", b"[3]") + b"\0" * 16,
        struct.pack("<Q", len(FLOAT8)) + FLOAT8 + b"\0\0",
    ],
)
def test_foreign_files(path, content):
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"{path.name}: truncated, or not .*{len(content)}"):
        read_safetensors(path)


def test_a_file_that_is_not_there(path):
    with pytest.raises(FileNotFoundError):
        read_safetensors(path)


def test_a_failed_write_leaves_the_previous_file_and_nothing_else(path, monkeypatch):
    write_safetensors(path, {"a": np.arange(3.0)})

    def fail(_):
        message = "disk full"
        raise OSError(message)

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_safetensors(path, {"a": np.zeros(3)})
    assert read_safetensors(path)[0]["a"].tolist() == [0.0, 1.0, 2.0]
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_tree_comes_back_with_arrays_for_tensors(path):
    tree = {
        "step": 3,
        "lr": 0.1,
        "best": float("inf"),
        "seed": 2**120,
        "name": "x",
        "none": None,
        "nested": {"0": [True, {"w": mt.tensor([[1.0, 2.0]], dtype="float32")}]},
        "order": np.array([2, 0, 1]),
    }
    save_tree(path, tree)
    found = load_tree(path)
    array = found["nested"]["0"][1].pop("w")
    np.testing.assert_array_equal(array, np.array([[1.0, 2.0]], "f"), strict=True)
    assert found.pop("order").tolist() == [2, 0, 1]
    assert found == {k: v for k, v in tree.items() if k not in ("nested", "order")} | {
        "nested": {"0": [True, {}]}
    }


def test_what_a_tree_cannot_hold(path):
    with pytest.raises(CheckpointError, match=r"a\.1 is a set, which a checkpoint cannot hold"):
        save_tree(path, {"a": [1, {2}]})


def test_weights_are_no_tree(path):
    save_weights(path, Linear(1, 1))
    with pytest.raises(CheckpointError, match="holds weights or something else, but not the state"):
        load_tree(path)


def network(seed=0):
    generator = mt.Generator(seed)
    return Sequential(Linear(3, 4, generator=generator), BatchNorm1d(4))


def test_weights_come_back_in_the_dtype_and_on_the_backend_that_wait(path, backend):
    first, second = network(0), network(1)
    first[1].running_mean.value.fill_(2.0)
    save_weights(path, first, {"sizes": [3, 4]})
    assert load_weights(path, second) == {"sizes": [3, 4]}
    for name, value in first.state().items():
        assert second.state()[name].tolist() == value.tolist()
        assert second.state()[name].backend.name == backend
    assert second[0].weight.value.requires_grad
    narrow = Sequential(Linear(3, 4, dtype="float32"), BatchNorm1d(4, dtype="float32"))
    load_weights(path, narrow)
    rounded = first[0].weight.value.detach().numpy().astype("f")
    np.testing.assert_array_equal(narrow[0].weight.value.detach().numpy(), rounded, strict=True)


def test_names_and_shapes_that_do_not_fit_are_all_listed(path):
    save_weights(path, Sequential(Linear(3, 5), Linear(5, 2)))
    target = network()
    before = {name: value.tolist() for name, value in target.state().items()}
    with pytest.raises(CheckpointError) as caught:
        load_weights(path, target)
    shapes = [
        "0.weight is (4, 3) here and (5, 3) there",
        "0.bias is (4,) here and (5,) there",
        "1.weight is (4,) here and (2, 5) there",
        "1.bias is (4,) here and (2,) there",
    ]
    assert "kept.safetensors: Sequential.load_state: missing 1.running_mean" in str(caught.value)
    assert str(caught.value).endswith("; ".join(shapes))
    assert {name: value.tolist() for name, value in target.state().items()} == before


def test_what_is_no_tensor_is_no_weight(path):
    layer = Linear(1, 1)
    layer.scale = Parameter(2.0)
    with pytest.raises(CheckpointError, match=r"scale holds 2\.0; a file of weights holds tensors"):
        save_weights(path, layer)
