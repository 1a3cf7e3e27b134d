"""What `minitorch train sentiment` does, and what it leaves."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

import mt_tensor
from mt_course.actions.checks import CommandError, usable_backend, writable_folder
from mt_course.figures import save_figure
from mt_course.figures.sentences import HELD, sentences_figure
from mt_course.projects.options import SentimentOptions
from mt_course.projects.sentiment import SentimentRun, load_sentences, train_sentiment
from mt_course.report import percent, report
from mt_course.run_folder import write_config, write_history, write_vocabulary, write_weights
from mt_nn import progress
from mt_nn.data import ChecksumError, Snippets, UnavailableError

INTERRUPTED = 130


def train(out: Path, **chosen: Any) -> int:
    """Train Kim's network, keep what comes of it, and report it; return the exit code.

    Raises:
        CommandError: the sentences are not to be had; or the loss is no number any more,
            and then what there is, is kept.
    """
    usable_backend(chosen["backend"])
    folder = writable_folder(out)
    told = SentimentOptions(**chosen)
    console = Console()
    sentences = _sentences()
    console.print(f"sentences: {sentences.source}", highlight=False, soft_wrap=True)
    run = train_sentiment(told, sentences, [progress(console)])
    _keep(folder, told, run)
    console.print(report(run.epochs, _facts(folder, told, run), HELD))
    if run.failure is not None:
        raise CommandError(run.failure)
    return INTERRUPTED if run.interrupted else 0


def _sentences() -> Snippets:
    try:
        return load_sentences()
    except (ChecksumError, UnavailableError) as error:
        raise CommandError(str(error)) from None


def _keep(folder: Path, told: SentimentOptions, run: SentimentRun) -> None:
    figure = sentences_figure(run.epochs, run.test, _heading(run), _details(told, run))
    save_figure(figure, folder / "picture.png")
    write_history(folder, run.epochs, HELD)
    write_weights(folder, {name: t.detach().numpy() for name, t in run.model.state().items()})
    write_vocabulary(folder, run.vocabulary.words)
    sources = dict(zip(("sentences", "vectors"), map(str, run.sources), strict=True))
    write_config(folder, {"project": "sentiment", **asdict(told), "sources": sources})


def _facts(folder: Path, told: SentimentOptions, run: SentimentRun) -> dict[str, str]:
    detail = mt_tensor.backends()[told.backend].detail
    ended = "interrupted after " if run.interrupted else ""
    chosen = f"; the weights are those of epoch {run.best}" if run.best else ""
    sentences, vectors = run.sources
    return {
        "accuracy": f"{_heading(run)}; {run.test.wrong.sum()} mistakes{chosen}",
        "time": f"{ended}{run.seconds:.1f} seconds in all, compiling and testing included",
        "backend": f"{told.backend}: {detail}",
        "sentences": f"{sentences.name}; {sentences.citation}",
        "vectors": f"{vectors.name}, {vectors.origin}",
        "picture": str(folder / "picture.png"),
        "also": f"history.csv, weights.safetensors, vocabulary.txt and config.json in {folder}",
    }


def _heading(run: SentimentRun) -> str:
    share = 1.0 - float(run.test.wrong.mean())
    return f"{percent(share)} of {len(run.test):,} unseen sentences are read right"


def _details(told: SentimentOptions, run: SentimentRun) -> str:
    parts = (
        f"{len(run.epochs)} epoch{'s' if len(run.epochs) != 1 else ''} of Adam, rate {told.lr:g}",
        f"batch {told.batch_size}",
        f"seed {told.seed}",
        run.sources[1].name,
        f"backend {told.backend}",
        f"{run.seconds:.0f} seconds",
    )
    return " \N{MIDDLE DOT} ".join(parts)
