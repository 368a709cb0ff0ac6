"""`edgevoice relay devices`, on the file that a relay keeps."""

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edgevoice.cli import main
from edgevoice.identity.device_key import DeviceKey
from edgevoice.relay.access.pairing import Pairings
from edgevoice.relay.app import wall_clock
from edgevoice.relay.store.place import FILE
from edgevoice.relay.store.sqlite import SqliteStore

ORIGIN = "https://relay.lan:8790"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)

    def run(*words: str) -> int:
        return main(["relay", "devices", *words, "--set", f"relay.state_dir={tmp_path}"])

    return run


@pytest.fixture
def code(tmp_path: Path) -> str:
    """That of a device that waits."""

    async def wait() -> str:
        async with SqliteStore(tmp_path / FILE) as store:
            key = DeviceKey(Ed25519PrivateKey.generate()).public
            await Pairings(store, "").begin("kitchen", key, ORIGIN, wall_clock())
            return (await store.pairings(wall_clock()))[0].code

    return asyncio.run(wait())


def test_a_device_is_approved_listed_renamed_and_revoked(command, code, capsys):
    assert command("list") == 0
    said = capsys.readouterr().out
    assert "1 waiting" in said and code not in said  # it is to be read off the device
    assert command("approve", code) == 0
    assert "kitchen (dev_" in capsys.readouterr().out
    assert command("rename", "kitchen", "pantry") == 0
    assert command("list") == 0
    said = capsys.readouterr().out
    assert "pantry" in said and "never" in said and "waiting" not in said
    assert command("revoke", "pantry") == 0
    assert command("list") == 0
    assert "revoked" in capsys.readouterr().out


def test_what_is_wrong_is_one_line_and_status_1(command, code, capsys):
    for words, said in (
        (("approve", "22222222"), "4 more tries"),
        (("revoke", "attic"), "no device is called"),
        (("rename", "attic", "cellar"), "no device is called"),
    ):
        assert command(*words) == 1
        assert said in capsys.readouterr().err


def test_without_a_relay_there_is_nothing_to_look_at(command, capsys):
    assert command("list") == 1
    assert "start it first" in capsys.readouterr().err
