"""What `pactl` is asked and how its answers are read, with a `pactl` of our own."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice.hardware.sound.pactl import Pactl
from tests.waiting import until

PACTL = """\
#!/bin/sh
test -e "$DIRECTORY/dead" && exit 1
case "$*" in
  "list short sources") cat "$DIRECTORY/sources"; echo >> "$DIRECTORY/looks" ;;
  subscribe) while read -r event; do echo "$event"; done < "$DIRECTORY/events" ;;
esac
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Path]:
    """A folder that says what the server has."""
    program = tmp_path / "pactl"
    program.write_text(PACTL.replace("$DIRECTORY", str(tmp_path)))
    program.chmod(0o755)
    (tmp_path / "sources").write_text(
        "0\troom.monitor\tmodule\ts16le\tIDLE\n3\tusb\tmodule\tx\ty\n"
    )
    os.mkfifo(tmp_path / "events")
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{tmp_path}:{before}"
    yield tmp_path
    os.environ["PATH"] = before


def test_names_of_sources(server: Path) -> None:
    assert Pactl().names("in") == ["room.monitor", "usb"]
    assert Pactl().names("out") == []


def test_nobody_to_ask_is_not_the_same_as_nothing_there(server: Path) -> None:
    (server / "dead").touch()
    assert Pactl().names("in") is None


def test_no_pactl_at_all_is_nobody_to_ask(server: Path) -> None:
    os.environ["PATH"] = "/nonexistent"
    assert Pactl().names("in") is None
    assert not asyncio.run(Pactl().until_gone("usb", "in"))


async def told(server: Path, *events: str) -> None:
    """In a thread: the pipe opens when `pactl subscribe` does."""

    def write() -> None:
        with (server / "events").open("w") as pipe:
            for event in events:
                pipe.write(event + "\n")

    await asyncio.to_thread(write)


@pytest.mark.e2e
async def test_a_source_that_goes_is_noticed_and_others_are_not(server: Path) -> None:
    waiting = asyncio.ensure_future(Pactl().until_gone("usb", "in"))
    await until((server / "looks").exists)
    (server / "sources").write_text("0\troom.monitor\tmodule\ts16le\tIDLE\n")
    await told(server, "Event 'change' on source #3", "Event 'remove' on source #3")
    assert await waiting


@pytest.mark.e2e
async def test_the_removal_of_something_else_and_the_end_of_the_server_are_no_loss(
    server: Path,
) -> None:
    waiting = asyncio.ensure_future(Pactl().until_gone("usb", "in"))
    await told(server, "Event 'remove' on source-output #3", "Event 'remove' on source #9")
    assert not await waiting


@pytest.mark.e2e
async def test_a_source_that_had_gone_before_anybody_listened_is_noticed(server: Path) -> None:
    assert await Pactl().until_gone("jack", "in")
