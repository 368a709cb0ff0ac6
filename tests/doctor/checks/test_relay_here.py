"""The relay on this machine: taken ports, keys of another certificate, damaged stores."""

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from edgevoice.config import Config, RelayConfig
from edgevoice.doctor.checks.relay_here import is_here, relay_here, wanted_models
from edgevoice.doctor.finding import Finding
from edgevoice.relay.store.place import FILE
from edgevoice.relay.store.sqlite import SqliteStore
from tests.doctor import relays
from tests.doctor.boards import Board, levels, only
from tests.doctor.checks.test_egress import HEAD, row

YEAR_2030 = 1_893_456_000.0


def look(tmp_path: Path, relay: RelayConfig, now: float = YEAR_2030) -> list[Finding]:
    """On this machine's own root: certificates and stores lie where the settings say."""
    board = Board(tmp_path / "unused", now=now)
    board.machine.root = Path("/")
    relay = replace(relay, models_dir=relay.models_dir or str(tmp_path))
    return list(relay_here(board.machine, Config(relay=relay)))


@pytest.mark.e2e
def test_one_that_runs(tmp_path: Path) -> None:
    config = relays.config(tmp_path, tls=True)
    with relays.relay(config) as url:
        port = int(url.rpartition(":")[2])
        found = levels(look(tmp_path, replace(config, port=port)))
    for name in ("port", "certificate", "tokens", "store", "udp"):
        assert found[name] == "ok"


@pytest.mark.e2e
def test_a_port_that_another_program_has(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = only(
            look(
                tmp_path,
                relays.config(
                    tmp_path,
                ),
                0.0,
            ),
            "port",
        )
        config = replace(relays.config(tmp_path), port=port)
        taken_by = only(look(tmp_path, config), "port")
    assert found.level == "warn"
    assert taken_by.level == "fail" and f"sport = :{port}" in taken_by.todo


def test_a_key_that_does_not_fit_and_a_certificate_that_ends(tmp_path: Path) -> None:
    config = relays.config(tmp_path, tls=True)
    other = relays.config(tmp_path / "other", tls=True)
    spoilt = replace(config, tls_key=other.tls_key)
    assert only(look(tmp_path, spoilt), "certificate").level == "fail"
    ends = relays.MADE.timestamp() + 86_400 * 3_645
    for now, level in ((ends, "warn"), (ends + 1e7, "fail")):
        assert levels(look(tmp_path, config, now))["certificate"] == level


def test_a_name_for_everybody_without_a_certificate(tmp_path: Path) -> None:
    found = only(look(tmp_path, replace(relays.config(tmp_path), host="0.0.0.0")), "certificate")
    assert found.level == "fail" and "edgevoice relay init" in found.todo


@pytest.mark.parametrize(
    ("text", "mode", "level"),
    [("", 0o600, "ok"), ("", 0o644, "warn"), ("no hash\n", 0o600, "fail")],
)
def test_the_tokens(tmp_path: Path, text: str, mode: int, level: str) -> None:
    config = relays.config(tmp_path)
    Path(config.tokens_file).write_text(text)
    Path(config.tokens_file).chmod(mode)
    found = only(look(tmp_path, config), "tokens")
    assert found.level == level and bool(found.todo) == (level != "ok")


def test_the_store_is_read_from_beginning_to_end(tmp_path: Path) -> None:
    config = replace(relays.config(tmp_path), store="sqlite", state_dir=str(tmp_path))
    assert "when it first starts" in only(look(tmp_path, config), "store").text

    async def make() -> None:
        async with SqliteStore(tmp_path / FILE):
            pass

    asyncio.run(make())
    well = only(look(tmp_path, config), "store")
    assert (well.level, "paired devices: 0" in well.text) == ("ok", True)
    (tmp_path / FILE).write_bytes(b"this is no database at all" * 1_000)
    damaged = only(look(tmp_path, config), "store")
    assert damaged.level == "fail" and f"{FILE}.broken" in damaged.todo


def test_media_sockets_on_an_address_of_somebody_else(tmp_path: Path) -> None:
    found = only(look(tmp_path, replace(relays.config(tmp_path), media_host="192.0.2.1")), "udp")
    assert found.level == "fail" and "relay.media_host" in found.todo


@pytest.mark.parametrize(
    ("relay", "wanted"),
    [
        (RelayConfig(), {"silero-vad", "smart-turn", "moonshine-base-en"}),
        (RelayConfig(engine="parrot"), {"silero-vad", "smart-turn"}),
    ],
)
def test_which_models_it_wants(relay: RelayConfig, wanted: set[str]) -> None:
    assert {name for name, _ in wanted_models(relay)} == wanted


def test_a_model_that_is_missing(tmp_path: Path) -> None:
    config = RelayConfig(models_dir=str(tmp_path), tokens_file=str(tmp_path / "tokens"))
    missing = [f for f in look(tmp_path, config) if f.name == "models" and f.level != "ok"]
    assert [f.level for f in missing] == ["fail", "warn", "fail"]
    assert missing[0].todo == "edgevoice models install silero-vad"


@pytest.mark.parametrize(
    ("shown", "here"),
    [
        ("LoadState=loaded\nUnitFileState=enabled\nActiveState=inactive\n", True),
        ("LoadState=loaded\nUnitFileState=disabled\nActiveState=active\n", True),
        ("LoadState=loaded\nUnitFileState=disabled\nActiveState=inactive\n", False),
        ("LoadState=not-found\nUnitFileState=\nActiveState=inactive\n", False),
    ],
)
def test_whether_there_is_one(tmp_path: Path, shown: str, here: bool) -> None:
    board = Board(tmp_path, {"proc/net/tcp": HEAD + row(1, 2)}, {"systemctl show": shown})
    assert is_here(board.machine) is here
