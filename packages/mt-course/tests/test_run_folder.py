"""The files of a run: whole, readable by others, exact."""

import csv
import json
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mt_course.run_folder import (
    read_weights,
    write_config,
    write_history,
    write_weights,
)
from mt_nn import Epoch, Score
from mt_nn.checkpoint.files import write_whole

floats = st.floats(allow_nan=False)
scores = st.builds(Score, floats, floats | st.none(), st.integers(1, 10**6))
epochs = st.builds(Epoch, st.integers(1, 10**6), scores, scores | st.none(), floats)


def numbers(row):
    return {key: float(value) if value else None for key, value in row.items()}


def test_a_failed_write_leaves_the_previous_content(tmp_path, monkeypatch):
    path = tmp_path / "history.csv"
    write_whole(path, b"old")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"new and longer")
    assert path.read_bytes() == b"old"


def test_a_write_replaces_and_leaves_nothing_beside(tmp_path):
    for content in (b"a long first version", b"second"):
        write_whole(tmp_path / "file", content)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"second"


def test_the_configuration_says_what_it_ran_with(tmp_path):
    write_config(tmp_path, {"epochs": 3, "lr": 0.1})
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["epochs"], config["lr"]) == (3, 0.1)
    assert config["versions"]["numpy"] == np.__version__
    assert set(config["versions"]) == {"python", "numpy", "mt-course", "mt-nn", "mt-tensor"}


# It waits for the disk, so it has no deadline.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(epochs))
def test_the_history_gives_every_number_back_exactly(tmp_path, history):
    write_history(tmp_path, history)
    with (tmp_path / "history.csv").open(newline="") as file:
        rows = [numbers(row) for row in csv.DictReader(file)]
    assert rows == [
        {
            "epoch": float(e.number),
            "train_loss": e.train.loss,
            "train_accuracy": e.train.accuracy,
            "test_loss": e.test and e.test.loss,
            "test_accuracy": e.test and e.test.accuracy,
            "seconds": e.seconds,
        }
        for e in history
    ]


def test_weights_come_back_with_names_values_and_dtypes(tmp_path):
    weights = {
        "conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        "strided": np.arange(12.0).reshape(3, 4).T[::-1],
    }
    write_weights(tmp_path, weights)
    again = read_weights(tmp_path)
    assert set(again) == set(weights)
    for name, array in weights.items():
        np.testing.assert_array_equal(again[name], array, strict=True)


def test_weights_are_in_the_published_format(tmp_path):
    """Read them by the format's description: a length, a JSON header, then the bytes."""
    write_weights(tmp_path, {"w": np.array([[1.5, -2.0]], np.float32)})
    content = (tmp_path / "weights.safetensors").read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    entry = json.loads(content[8 : 8 + length])["w"]
    assert (entry["dtype"], entry["shape"]) == ("F32", [1, 2])
    start, end = entry["data_offsets"]
    assert struct.unpack("<2f", content[8 + length :][start:end]) == (1.5, -2.0)
