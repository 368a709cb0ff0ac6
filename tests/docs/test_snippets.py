"""What README and docs tell people to type: commands parse, settings load, programs compile."""

import ast
import contextlib
import io
import itertools
import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from edgevoice import cli
from edgevoice.config import Config
from edgevoice.config_file import load
from edgevoice.config_yaml import hints, is_section, paths
from edgevoice.hardware.boards.known import KNOWN
from edgevoice.simulator.scenario import PACKAGED
from tests.docs.pages import ROOT, Block, blocks, pages, spans, text

LANGUAGES = {"sh", "yaml", "python", "json", "text"}
FOREIGN = {"systemctl", "journalctl", "git", "apt", "tar", "cd", "install", "grep"}
"""Commands that are not ours; of these only the names of our units are checked."""
RUN = {
    "edgevoice config check",
    "edgevoice config show",
    "edgevoice board list",
    "edgevoice models list",
    "edgevoice relay token laptop",
    "edgevoice relay token laptop --revoke",
    "edgevoice board",
    "edgevoice turns",
    "edgevoice privacy",
    "edgevoice privacy --since 7d",
    "edgevoice forget --all --yes",
}
"""What needs neither root nor a running assistant is run, with folders of its own."""
NEED_IT = {"edgevoice status", "edgevoice why", "edgevoice timers", "edgevoice mute"}
"""Without an assistant that runs they say what to do."""
LONGER = {"edgevoice doctor privacy", "edgevoice doctor --security"}
NOT_RUN = 0
"""Blocks that are only to be read; each says why."""
FILES = {"privacy.log", "context.json", "timers.json"}
"""Named like settings, and none."""


def lines(block: Block) -> Iterator[list[str]]:
    """The words of each command, without sudo."""
    for line in block.text.replace("\\\n", " ").split("\n"):
        for command in re.split(r"&&|\|", line.partition(" #")[0].removeprefix("#")):
            words = shlex.split(command.replace("<this repository>", "URL"))
            words = words[1:] if words[:1] == ["sudo"] else words
            if words:
                yield words


def commands() -> Iterator[tuple[str, list[str]]]:
    """All that is to be typed, in blocks and in sentences."""
    for block in blocks("sh"):
        if not block.not_run:
            for words in lines(block):
                yield str(block), words
    for page in pages():
        for span in spans(page):
            bare = span.removeprefix("sudo ")
            if re.match(r"(edgevoice|scripts/\w[\w-]*) ", bare) and "…" not in bare:
                yield page.name, shlex.split(bare)


@cache
def parser():
    return cli.parser()


def test_every_block_names_its_language():
    assert {block.language for block in blocks()} <= LANGUAGES
    assert len(blocks()) > 30


def test_what_is_not_checked_says_why_and_is_counted():
    assert len([block for block in blocks() if block.not_run]) == NOT_RUN


def test_every_command_of_ours_parses():
    ours = [(where, words) for where, words in commands() if words[0] == "edgevoice"]
    assert len(ours) > 60
    wrong = []
    for where, words in ours:
        told = io.StringIO()
        try:
            with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
                parser().parse_args(words[1:])
        except SystemExit as ended:
            if ended.code:
                wrong.append(f"{where}: {' '.join(words)}: {told.getvalue().splitlines()[-1]}")
    assert not wrong


def test_every_other_command_is_a_script_here_or_of_the_system():
    for where, words in commands():
        name, rest = words[0], words[1:]
        if name.startswith("scripts/"):
            check_script(where, name, rest)
        elif name != "edgevoice":
            assert name in FOREIGN, f"{where}: {name}"
            units = [word for word in rest if word.startswith("edgevoice") and "_" not in word]
            if name in ("systemctl", "journalctl"):
                assert all((ROOT / "systemd" / f"{unit}.service").exists() for unit in units), where


def check_script(where: str, name: str, arguments: list[str]) -> None:
    script = ROOT / name
    assert os.access(script, os.X_OK), f"{where}: {name}"
    source = script_text(script)
    if name == "scripts/bench" and arguments:
        inside = script.with_name("bench.d") / f"{arguments[0]}.py"
        assert inside.exists(), f"{where}: {name} {arguments[0]}"
        source += inside.read_text()
    for word in arguments:
        if word.startswith("-"):
            flag = word.partition("=")[0]
            known = flag in source or flag in ("--help", "-h")
            assert known, f"{where}: {name} knows no {flag}"
    if name == "scripts/run" and arguments and not arguments[0].startswith("-"):
        assert (PACKAGED / f"{arguments[0]}.yaml").exists() or arguments[0] == "my.yaml", where


@cache
def script_text(script: Path) -> str:
    """The script's own, and of what it is made of."""
    inside = sorted(script.with_name(script.name + ".d").glob("*"))
    texts = [path.read_text() for path in (script, *inside) if path.is_file()]
    if script.name == "models":
        texts.append((ROOT / "edgevoice" / "models" / "script.py").read_text())
    if script.name == "try-install":
        texts.append((ROOT / "tests" / "installing" / "trial.py").read_text())
    return "\n".join(texts)


@pytest.fixture
def typed(tmp_path: Path) -> Callable[[str], int]:
    """What comes of a command, in a home of its own."""
    home = tmp_path / "settings.yaml"
    home.write_text(
        f"control: {{state_dir: {tmp_path}/state, socket: {tmp_path}/none.sock}}\n"
        f"relay: {{tokens_file: {tmp_path}/tokens, state_dir: {tmp_path}/relay}}\n"
    )

    def typed(command: str) -> int:
        words = command.split()[1:]
        return cli.main([*words, *([] if words[0] in ("board", "models") else ["-c", str(home)])])

    return typed


def test_what_is_run_is_in_the_pages():
    told = {" ".join(words) for _, words in commands()}
    assert told >= RUN | NEED_IT | LONGER


def test_what_needs_nobody_is_run(typed, capsys):
    for command in sorted(RUN):
        assert typed(command) == 0, command
    told_aloud = capsys.readouterr().out
    assert all(board.name in told_aloud for board in KNOWN)


def test_what_needs_the_assistant_says_so_without_it(typed, capsys):
    for command in sorted(NEED_IT):
        assert typed(command) == 1, command
        assert "start it: systemctl start edgevoice" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(LONGER))
def test_the_doctor_comes(typed, command, capsys):
    assert typed(command) in (0, 1)  # by this machine
    assert re.match(r"(ok|warn|fail) +\w", capsys.readouterr().out)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["scripts/run --help", "scripts/bench"])
def test_scripts_answer(command):
    done = subprocess.run(
        command.split(), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_settings_load(block, tmp_path):
    file = tmp_path / "settings.yaml"
    file.write_text(block.text)
    load([file])


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_is_json(block):
    json.loads(block.text)


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_programs_compile(block):
    compile(block.text, str(block), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)


def test_every_number_that_was_measured_names_its_command():
    rows = [
        line.strip("| ").split(" | ")
        for page in pages()
        for part in text(page).split("| what | measured | command |")[1:]
        for line in itertools.takewhile(lambda line: line.startswith("|"), part.split("\n")[1:])
    ]
    assert len(rows) > 40
    for row in rows:
        assert row[-1].startswith("---") or re.match(r"`[^`]+`", row[-1]) or "says it" in row[-1]


@cache
def settings() -> frozenset[str]:
    """Every setting, section and list with its entries, as they are written in sentences."""
    found = set(paths(Config))

    def entries(cls, prefix):
        for name, wanted in hints(cls).items():
            found.add(f"{prefix}{name}")
            if is_section(wanted):
                entries(wanted, f"{prefix}{name}.")
            inner = [kind for kind in getattr(wanted, "__args__", ()) if is_section(kind)]
            for kind in inner:
                found.add(f"{prefix}{name}[]")
                entries(kind, f"{prefix}{name}[].")

    entries(Config, "")
    return frozenset(found)


def test_every_setting_that_is_named_exists():
    sections = {name for name, wanted in hints(Config).items() if is_section(wanted)}
    dotted = re.compile(r"([a-z_]+)((?:\.[a-z_]+(?:\[\])?)+)(?:: .+)?")
    wrong = []
    for page in pages():
        if page.name == "errors.md":
            continue
        for span in spans(page):
            match = dotted.fullmatch(span)
            if not match or match[1] not in sections or span in FILES:
                continue
            name = span.partition(": ")[0]
            if name not in settings():
                wrong.append(f"{page.name}: {span}")
    assert not wrong
