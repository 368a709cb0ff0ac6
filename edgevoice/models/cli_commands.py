"""The command line of `edgevoice models`.

What it does is imported when it does it, so that `edgevoice --help` stays quick.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

NAME = "as `edgevoice models list` shows it"
DIR = "where the models are (default: $EDGEVOICE_MODELS, or beside the installed edgevoice)"


def add_models(commands: Commands) -> None:
    models = commands.add_parser(
        "models",
        help="list, install or remove the networks that hear and speak",
        description="Models are not part of edgevoice: they are fetched on your machine, from the"
        " package index it is set up for, checked against known hashes, and have licences of"
        " their own.",
    )
    inner = models.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = inner.add_parser("list", help="what there is, what is installed, and what for")
    listing.add_argument("--json", action="store_true", help="print one JSON array instead")
    listing.set_defaults(act=list_models)
    install = inner.add_parser(
        "install",
        help="fetch one, or all that are needed, after showing the licences",
        description="Fetches one model by its name; without a name, whatever edgevoice needs and"
        " does not have.",
    )
    install.add_argument("name", nargs="?", metavar="NAME", help=NAME)
    install.add_argument(
        "--wake-only",
        action="store_true",
        help="without a name: only what a board needs whose relay is another machine",
    )
    install.add_argument(
        "--from",
        dest="place",
        default="",
        metavar="FILE|URL",
        help="its package (a .whl file), or a folder of packages, instead of the package index",
    )
    install.set_defaults(act=install_model)
    remove = inner.add_parser("remove", help="take one away")
    remove.add_argument("name", metavar="NAME", help=NAME)
    remove.set_defaults(act=remove_model)
    for command in (install, remove):
        command.add_argument("--yes", "-y", action="store_true", help="do not ask")
    for command in (listing, install, remove):
        command.add_argument("--dir", default="", metavar="DIR", help=DIR)
        command.add_argument("--catalogue", help=argparse.SUPPRESS)


def list_models(args: argparse.Namespace) -> int:
    from edgevoice.models.shop import show

    return show(args)


def install_model(args: argparse.Namespace) -> int:
    from edgevoice.models.shop import install

    return install(args)


def remove_model(args: argparse.Namespace) -> int:
    from edgevoice.models.shop import remove

    return remove(args)
