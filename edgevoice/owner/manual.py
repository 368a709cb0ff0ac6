"""Manual pages and shell completion, made from the parser and from the configuration's prose.

Nothing is written twice: what `--help` and `edgevoice config schema` say is what stands here.
The only importer of argparse_manpage and shtab.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edgevoice import __version__
from edgevoice.errors import ConfigError

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

SHELLS = ("bash", "zsh", "fish")
INSTALL = "needs the extra: pip install 'edgevoice[appliance]'"
SETTINGS_HEAD = r"""
.SH NAME
edgevoice.yaml \- the configuration of edgevoice
.SH SYNOPSIS
.I /etc/edgevoice/config.yaml
.br
.I /etc/edgevoice/config.d/*.yaml
.SH DESCRIPTION
What is not set has the default that is given below. Files in config.d come after config.yaml and
win over it; the board profile comes before both.
.B edgevoice config check
finds mistakes,
.B edgevoice config show
says what applies and where it was set,
.B systemctl reload edgevoice
applies it.
.SH SETTINGS AND THEIR DEFAULTS"""


def add_manual(commands: Commands, parser: Callable[[], argparse.ArgumentParser]) -> None:
    """`parser` makes the one of the whole program."""
    completion = commands.add_parser(
        "completion",
        help="print what makes the Tab key complete edgevoice's words",
        epilog="For the shell at hand: source <(edgevoice completion bash)",
    )
    completion.add_argument("shell", choices=SHELLS)
    completion.set_defaults(act=lambda args: complete(parser(), args.shell))
    manual = commands.add_parser("manual", help="write the manual pages into a folder")
    manual.add_argument(
        "folder", metavar="DIR", help="such as /usr/local/share/man; subfolders are made"
    )
    manual.set_defaults(act=lambda args: write(parser(), Path(args.folder)))


def complete(parser: argparse.ArgumentParser, shell: str) -> int:
    try:
        import shtab
    except ImportError as missing:
        raise ConfigError(f"completion {INSTALL}") from missing
    sys.stdout.write(shtab.complete(parser, shell))
    return 0


def write(parser: argparse.ArgumentParser, folder: Path) -> int:
    pages = {"man1/edgevoice.1": commands(parser), "man5/edgevoice.yaml.5": settings()}
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path)
    return 0


def commands(parser: argparse.ArgumentParser) -> str:
    """edgevoice(1), with every command and option."""
    try:
        from argparse_manpage.manpage import Manpage
    except ImportError as missing:
        raise ConfigError(f"manual {INSTALL}") from missing
    about = {
        "project_name": "edgevoice",
        "version": __version__,
        "manual_title": "edgevoice",
        "description": "voice assistant for small boards, and its relay",
    }
    return str(Manpage(parser, about, format="single-commands-section")) + "\n"


def settings() -> str:
    """edgevoice.yaml(5): the commented sample, every setting with its default and meaning."""
    from edgevoice.config_docs import sample

    lines = [_roff(line) for line in sample().splitlines()]
    head = f'.TH EDGEVOICE.YAML "5" "" "edgevoice {__version__}" "edgevoice"{SETTINGS_HEAD}'
    return "\n".join([head, ".EX", *lines, ".EE", ""])


def _roff(text: str) -> str:
    """Safe as a line of its own (groff(7))."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped
