"""The command `minitorch` as a whole: help, completion, exit codes, and what it imports."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec

import click
import pytest

from mt_course.cli import main
from mt_course.cli.main import minitorch

FILES = ["config.json", "history.csv", "picture.png", "weights.safetensors"]
HEAVY = ("matplotlib", "minitorch", "mt_nn", "mt_tensor", "numba", "numpy", "rich", "torch")
COMMAND = [sys.executable, "-m", "mt_course"]


def leaves(command=minitorch, path=()):
    """Yield the words of each command, groups included."""
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from leaves(below, (*path, name))


def found(path):
    command = minitorch
    for name in path:
        command = command.commands[name]
    return command


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as exit_:
        main([*map(str, arguments)])
    return exit_.value.code, *capsys.readouterr()


def imported(environment, *arguments):
    """Run the command in a process of its own; return its output and which heavy modules it has."""
    code = (
        "import atexit, json, sys\n"
        f"has = lambda: [name for name in {HEAVY} if name in sys.modules]\n"
        "atexit.register(lambda: sys.stderr.write(json.dumps(has())))\n"
        "from mt_course.cli import main\n"
        f"main({list(arguments)})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    )
    return done.stdout, json.loads(done.stderr)


def complete(shell, words, position):
    """Ask as a shell does what may stand at a position; return the words that it may be."""
    env = {
        "_MINITORCH_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(position),
    }
    output, heavy = imported(env)
    assert heavy == []
    return output.split()


@pytest.mark.parametrize("path", list(leaves()), ids="-".join)
def test_help_has_a_summary_and_examples(path, capsys):
    code, output, errors = run(capsys, *path, "--help")
    assert (code, errors) == (0, "")
    assert output.startswith(f"Usage: {' '.join(('minitorch', *path))} ")
    assert "Examples:\n" in output


@pytest.mark.parametrize("path", list(leaves()), ids="-".join)
def test_an_example_in_help_is_a_command_that_there_is(path):
    examples = re.findall(r"^  minitorch ([^|>\n]+)", found(path).epilog, re.MULTILINE)
    assert examples
    for example in examples:
        command, words = minitorch, shlex.split(example)
        while isinstance(command, click.Group) and not words[0].startswith("-"):
            command = command.commands[words.pop(0)]
        if "--help" not in words:
            command.make_context(example, words)


@pytest.mark.parametrize("path", list(leaves()), ids="-".join)
def test_a_summary_fits_into_the_list_of_commands(path):
    for name, command in getattr(found(path), "commands", {}).items():
        longest = max(map(len, found(path).commands))
        assert not command.get_short_help_str(72 - longest).endswith("..."), name


def test_help_imports_nothing_heavy():
    for path in leaves():
        output, heavy = imported({}, *path, "--help")
        assert heavy == [], path
        assert "Usage: " in output


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("minitorch tr", "train"),
        ("minitorch train sent", "sentiment"),
        ("minitorch train fast --ba", "--backend"),
        ("minitorch train fast --backend f", "fast"),
        ("minitorch train fast --dataset Spi", "spiral"),
        ("minitorch compare mn", "mnist"),
        ("minitorch completion f", "fish"),
    ],
)
def test_a_shell_completes_commands_options_and_values(shell, words, expected):
    offered = complete(shell, words, len(words.split()) - 1)
    assert any(expected in word.lower() for word in offered)


def test_a_folder_is_completed_by_the_shell():
    assert complete("bash", "minitorch train mnist --out r", 4) == ["dir,r"]
    assert complete("bash", "minitorch predict r", 2) == ["dir,r"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_names_the_command(shell, capsys):
    code, output, errors = run(capsys, "completion", shell)
    assert (code, errors) == (0, "")
    assert f"_MINITORCH_COMPLETE={shell}_complete" in output


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_takes_the_script(tmp_path, capsys):
    _, script, _ = run(capsys, "completion", "bash")
    (tmp_path / "minitorch").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mt_course "$@"\n')
    (tmp_path / "minitorch").chmod(0o755)
    asked = (
        f"{script}\nCOMP_WORDS=(minitorch doc); COMP_CWORD=1; _minitorch_completion minitorch; "
        'echo "${COMPREPLY[@]}"'
    )
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", asked],  # noqa: S607  the shell that this is about
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PATH": path},
    )
    assert done.stdout.split() == ["doctor"]


def test_commands_come_in_the_order_of_the_course(capsys):
    _, output, _ = run(capsys, "train", "--help")
    names = re.findall(r"^  (\w+)  +(?:Module|For)", output, re.MULTILINE)
    assert names == ["manual", "scalar", "tensor", "fast", "mnist", "sentiment", "torch"]


def test_the_exit_codes_are_in_the_help(capsys):
    _, output, _ = run(capsys, "--help")
    said = "Exit codes: 0 done, 1 failed, 2 a wrong option or value, 130 interrupted by Ctrl-C."
    assert said in " ".join(output.split())


def test_done_is_0_and_a_wrong_word_2(capsys):
    assert run(capsys, "--version")[0] == 0
    code, output, errors = run(capsys, "chess")
    assert (code, output, errors) == (2, "", "minitorch: No such command 'chess'.\n")


def test_a_file_in_the_way_of_a_result_is_1_and_one_line(tmp_path, capsys):
    (tmp_path / "picture.png").mkdir()
    code, _, errors = run(capsys, "train", "manual", "--points", 3, "--out", tmp_path)
    assert code == 1
    assert errors == f"minitorch: {tmp_path / 'picture.png'}: Is a directory\n"


@pytest.mark.skipif(find_spec("torch") is not None, reason="PyTorch is installed")
def test_without_pytorch_one_line_says_what_to_install(tmp_path, capsys):
    code, output, errors = run(capsys, "train", "torch", "--out", tmp_path / "run")
    assert (code, output) == (1, "")
    assert errors == (
        "minitorch train torch: PyTorch is not installed; "
        "python -m pip install torch installs it.\n"
    )
    assert not (tmp_path / "run").exists()


def test_a_missing_part_of_pytorch_is_no_missing_pytorch(monkeypatch, tmp_path):
    def broken(_):
        message = "No module named 'torch_parts'"
        raise ModuleNotFoundError(message, name="torch_parts")

    monkeypatch.setattr("mt_course.actions.learners.import_module", broken)
    with pytest.raises(ModuleNotFoundError, match="torch_parts"):
        main(["train", "torch", "--out", str(tmp_path)])


def test_ctrl_c_is_130_and_keeps_what_there_is(tmp_path):
    small = ["--points", "4", "--hidden", "2", "--epochs", "50000"]
    command = [*COMMAND, "train", "scalar", *small, "--out", tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        assert p.stdout.readline().startswith("epoch 5000 ")
        os.kill(p.pid, signal.SIGINT)
        output, errors = p.communicate(timeout=240)
    assert p.returncode == 130
    assert "Ctrl-C: the run ends after this step" in errors
    assert "of 4 points right" in output
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
