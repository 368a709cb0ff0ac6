"""Which store a configuration means, and who is told what when it cannot be used."""

import pytest

from edgevoice.config import RelayConfig
from edgevoice.errors import StoreError
from edgevoice.relay.store.memory import MemoryStore
from edgevoice.relay.store.place import existing_store, folder, make_store
from edgevoice.relay.store.sqlite import SqliteStore


@pytest.fixture(autouse=True)
def no_service_manager(monkeypatch):
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)


async def test_a_folder_of_ones_own_is_made(tmp_path):
    config = RelayConfig(state_dir=str(tmp_path / "relay"))
    async with make_store(config):
        pass
    async with existing_store(config) as store:
        assert await store.devices() == []
    assert (tmp_path / "relay").stat().st_mode & 0o777 == 0o700


def test_the_folder_of_the_service_manager_wins(monkeypatch, tmp_path):
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}:/elsewhere")
    config = RelayConfig(state_dir="/somewhere")
    assert folder(config) == tmp_path
    assert isinstance(make_store(config), SqliteStore)


async def test_a_folder_that_cannot_be_used_is_an_error_when_it_was_chosen():
    with pytest.raises(StoreError, match=r"relay\.state_dir"):
        async with make_store(RelayConfig(state_dir="/proc/nowhere")):
            pass


def test_a_relay_that_is_tried_out_on_loopback_keeps_nothing(caplog):
    assert isinstance(make_store(RelayConfig(state_dir="/nowhere"), "/nowhere"), MemoryStore)
    assert "forgotten at the end" in caplog.text
    for_others = RelayConfig(state_dir="/nowhere", host="192.0.2.1", behind_proxy=True)
    assert isinstance(make_store(for_others, "/nowhere"), SqliteStore)


def test_nobody_looks_into_a_memory():
    assert isinstance(make_store(RelayConfig(store="memory")), MemoryStore)
    with pytest.raises(StoreError, match="set it to sqlite"):
        existing_store(RelayConfig(store="memory"))
