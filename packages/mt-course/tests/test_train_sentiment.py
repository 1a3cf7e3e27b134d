"""`minitorch train sentiment`: what it learns, leaves and refuses, and what it reads afterwards."""

import csv
import json
import re

import numpy as np
import pytest
from matplotlib.image import imread

from mt_course.actions import train_sentiment as action
from mt_course.cli import main
from mt_course.figures.judged import Judged
from mt_course.figures.sentences import LETTERS, sentences_figure
from mt_course.projects import sentiment as project
from mt_course.projects.options import SentimentOptions
from mt_course.run_folder import read_vocabulary, read_weights
from mt_nn.data import Snippets, Source, UnavailableError, load_snippets, tokenize

FILES = ["config.json", "history.csv", "picture.png", "vocabulary.txt", "weights.safetensors"]
SMALL = ["--vectors", "random", "--channels", 8, "--epochs", 2, "--backend", "fast"]
GOOD, BAD = ("superb", "moving", "witty"), ("dull", "clumsy", "tired")
THINGS = ("plot", "cast", "score", "script", "ending")


def corpus(count=200):
    """Make sentences whose side one word decides, as a person would rate them."""
    rng = np.random.default_rng(0)
    ratings = rng.choice([-2.0, 2.0], count)
    texts = [
        f"The {rng.choice(THINGS)} of number {i} is {rng.choice(GOOD if rating > 0 else BAD)}."
        for i, rating in enumerate(ratings)
    ]
    return Snippets(tuple(texts), ratings, Source("made up", "nowhere", "none", "nobody"))


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as exit_:
        main([*map(str, arguments)])
    return exit_.value.code, *capsys.readouterr()


@pytest.fixture
def made_up(monkeypatch):
    monkeypatch.setattr(action, "load_sentences", corpus)


def test_what_decides_is_learned():
    told = SentimentOptions(epochs=8, channels=8, vectors="random", lr=0.01, batch_size=20)
    done = project.train_sentiment(told, corpus())
    assert len(done.test) == 20
    assert done.test.wrong.mean() <= 0.1
    assert done.best == min(done.epochs, key=lambda epoch: epoch.test.loss).number
    assert done.test.labels.tolist() == [
        int(any(word in text for word in GOOD)) for text in done.test.texts
    ]


def test_test_sentences_are_in_no_other_part():
    told = SentimentOptions(vectors="random", channels=2, max_steps=1)
    done = project.train_sentiment(told, corpus())
    learned, chosen, tested = corpus().split(0.1, 0.1, 0)
    assert list(done.test.texts) == list(tested.texts)
    assert not set(done.test.texts) & {*learned.texts, *chosen.texts}


def test_the_same_options_give_the_same_losses_and_another_seed_others():
    def losses(seed):
        told = SentimentOptions(epochs=1, channels=4, vectors="random", seed=seed)
        return [epoch.train.loss for epoch in project.train_sentiment(told, corpus()).epochs]

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_have_the_type_that_was_asked_for(dtype):
    told = SentimentOptions(vectors="random", channels=2, max_steps=1, dtype=dtype)
    done = project.train_sentiment(told, corpus())
    assert {str(t.dtype) for t in done.model.state().values()} == {dtype}
    assert str(done.test.probabilities.dtype) == dtype


def test_a_run_leaves_its_files_and_they_predict(made_up, tmp_path, capsys):
    code, output, errors = run(capsys, "train", "sentiment", *SMALL, "--out", tmp_path)
    assert (code, errors) == (0, "")
    assert "sentences: made up, from nowhere; licence: none; nobody" in output
    assert "validation loss" in output
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
    assert imread(tmp_path / "picture.png").shape == (912, 1620, 4)
    with (tmp_path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert 0.0 <= float(rows[1]["validation_accuracy"]) <= 1.0
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["project"], config["channels"], config["vectors"]) == ("sentiment", 8, "random")
    assert config["sources"]["sentences"].startswith("made up")
    words = read_vocabulary(tmp_path)
    assert words[:2] == ["<padding>", "<unknown>"]
    assert set(words[2:]) == {word for text in corpus().texts for word in tokenize(text)}
    assert read_weights(tmp_path)["embedding.weight"].shape == (len(words), 50)

    code, output, errors = run(capsys, "predict", tmp_path, "The plot is superb.", "Zorgle, zorgle")
    assert (code, errors) == (0, "")
    first, second = output.splitlines()
    assert re.fullmatch(r"The plot is superb\.: (for|against) the film \(\d+\.\d %\)", first)
    assert second.endswith("; words that it does not know: zorgle, ,")


def test_a_prediction_is_the_network_s(made_up, tmp_path, capsys):
    run(capsys, "train", "sentiment", *SMALL, "--out", tmp_path)
    told = SentimentOptions(epochs=2, channels=8, vectors="random")
    done = project.train_sentiment(told, corpus())
    for text, probability in zip(done.test.texts[:5], done.test.probabilities, strict=False):
        _, output, _ = run(capsys, "predict", tmp_path, text)
        side, share = re.search(r": (for|against) the film \((.*) %\)", output).groups()
        assert side == ("for" if probability > 0.5 else "against")
        assert float(share) == pytest.approx(100 * max(probability, 1 - probability), abs=0.051)


def test_what_has_no_word_is_no_sentence(made_up, tmp_path, capsys):
    run(capsys, "train", "sentiment", *SMALL, "--max-steps", 1, "--out", tmp_path)
    code, output, errors = run(capsys, "predict", tmp_path, "fine", "  ")
    assert (code, output) == (2, "")
    assert errors == "minitorch predict: ' ' is no sentence: there is no word in it\n"


def test_without_an_index_one_line_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MT_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    code, output, errors = run(capsys, "train", "sentiment", "--out", tmp_path / "run")
    assert (code, output) == (1, "")
    assert errors.startswith("minitorch train sentiment: vaderSentiment-3.3.2.tar.gz of ")
    assert errors.count("\n") == 1


def test_without_vectors_it_begins_with_random_ones_and_says_why(monkeypatch):
    def unavailable(*_, **__):
        message = "no index"
        raise UnavailableError(message)

    monkeypatch.setattr("mt_nn.data.glove.fetch_archive", unavailable)
    monkeypatch.setattr("mt_nn.data.glove._parquet", lambda: None)
    done = project.train_sentiment(SentimentOptions(channels=2, max_steps=1), corpus())
    assert done.sources[1].name == "random vectors"
    assert "because no index" in done.sources[1].origin


def test_a_loss_that_diverges_keeps_what_there_is(made_up, tmp_path, capsys):
    options = [*SMALL, "--lr", "1e30", "--out", tmp_path]
    code, _, errors = run(capsys, "train", "sentiment", *options)
    assert code == 1
    assert errors.startswith("minitorch train sentiment: the loss is ")
    assert errors.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--dropout", "1", "1.0 is not in the range 0<=x<1"),
        ("--vectors", "word2vec", "'word2vec' is not one of 'glove', 'random'"),
        ("--patience", "-1", "-1 is not in the range x>=0"),
        ("--channels", "0", "0 is not in the range x>=1"),
        ("--backend", "abacus", "no backend 'abacus'"),
    ],
)
def test_a_bad_value_gets_one_line(tmp_path, capsys, option, value, reason):
    arguments = ["train", "sentiment", "--out", tmp_path / "run", option, value]
    code, output, errors = run(capsys, *arguments)
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert reason in errors
    assert not (tmp_path / "run").exists()


def test_reviews_are_read_better_than_seven_in_ten():
    try:
        snippets = load_snippets()
    except UnavailableError as error:
        pytest.skip(str(error))
    done = project.train_sentiment(SentimentOptions(epochs=2), snippets)
    if not done.sources[1].name.startswith("GloVe"):
        pytest.skip(done.sources[1].origin)
    assert 1.0 - done.test.wrong.mean() > 0.7


def test_mistakes_come_surest_first():
    judged = Judged(["a", "b", "c", "d"], np.array([1, 0, 1, 0]), np.array([0.4, 0.3, 0.1, 0.95]))
    assert judged.wrong.tolist() == [True, False, True, True]
    assert judged.mistakes().texts == ["d", "c", "a"]


def test_a_picture_shows_what_is_read_and_how():
    texts = ["short \x85 one", "x" * 200, "costs $5 and $6"]
    judged = Judged(texts, np.array([1, 0, 1]), np.array([0.9, 0.2, 0.3]))
    figure = sentences_figure([], judged, "heading", "details")
    shown = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "short \N{EN DASH} one" in shown
    assert shown.count("costs $5 and $6") == 2, "among the first ones, and among the mistakes"
    assert max(map(len, shown)) <= LETTERS
    assert {"90 %", "20 %", "30 %"} <= set(shown)
    assert "1 of 2 that are for the film read so" in shown
    figure.canvas.draw()


def test_a_flawless_run_has_no_mistakes_to_show():
    figure = sentences_figure([], Judged(["a"], np.array([1]), np.array([0.9])), "", "")
    assert "No mistakes" in [axes.get_title(loc="left") for axes in figure.axes]
    figure.canvas.draw()
