"""Which store, and where: for the relay itself and for the commands that look into it."""

import logging
import os
from pathlib import Path

from edgevoice.config import RelayConfig
from edgevoice.config_rules import is_loopback
from edgevoice.errors import StoreError
from edgevoice.relay.store.memory import MemoryStore
from edgevoice.relay.store.sqlite import SqliteStore
from edgevoice.relay.store.store import Store

FILE = "relay.sqlite"
DEFAULT = RelayConfig().state_dir

log = logging.getLogger(__name__)


def folder(config: RelayConfig) -> Path:
    """The service manager's folder where there is one, else the configured one."""
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(given or config.state_dir)


def make_store(config: RelayConfig, default: str = DEFAULT) -> Store:
    """The relay's own. A relay that was tried out on loopback, by a user for whom nobody made
    the default folder, keeps nothing; who set the folder is told what is wrong with it.
    """
    if config.store == "memory":
        return MemoryStore()
    state_dir = folder(config)
    if str(state_dir) != default:
        _make(state_dir)
    elif is_loopback(config.host) and not os.access(state_dir, os.W_OK | os.X_OK):
        log.warning(
            "this user cannot write to %s: what was used today, secrets and paired devices are"
            " forgotten at the end; relay.state_dir names another folder",
            state_dir,
        )
        return MemoryStore()
    return SqliteStore(state_dir / FILE)


def existing_store(config: RelayConfig) -> Store:
    """For a command beside the relay, on the same machine and with its configuration."""
    if config.store == "memory":
        raise StoreError(
            "relay.store is memory, which nobody but the relay itself sees: set it to sqlite"
        )
    return SqliteStore(folder(config) / FILE, create=False, durable=True)


def _make(state_dir: Path) -> None:
    """Below a folder that is there; what cannot be made is told when the file is opened."""
    try:
        state_dir.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        log.error("cannot make %s: %s", state_dir, error.strerror)
