"""What a running relay takes up of a configuration that is read again (SIGHUP).

Whom it lets in, for how long and at what price, and the certificate it shows: for calls from
now on; those that are live go on as they began. Everything else is held by what was built
of it (engine, store, listening socket, connections to servers of tools), and calls would
have to end for it: that takes a restart, and is said so.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from edgevoice.config import Config, RelayConfig
from edgevoice.config_file import changed
from edgevoice.errors import EdgeVoiceError

log = logging.getLogger(__name__)

LIVE = frozenset(
    {
        "tls_cert",
        "tls_key",
        "prices",
        "limits.sessions",
        "limits.sessions_per_token",
        "limits.idle_s",
        "limits.session_s",
        "limits.hold_s",
        "limits.minutes_per_day",
        "limits.cost_per_day_usd",
    }
)


class Told(Protocol):
    """The part of the service manager used here."""

    def reloading(self) -> None: ...

    def ready(self) -> None: ...

    def status(self, text: str) -> None: ...


class Reloading:
    def __init__(
        self,
        config: Config,
        reread: Callable[[], Config],
        take_up: Callable[[RelayConfig], None],
        service: Told,
    ) -> None:
        """`reread` reads files, in a thread. `take_up` raises a ConfigError to refuse."""
        self._config = config
        self._reread = reread
        self._take_up = take_up
        self._service = service
        self._asked = asyncio.Event()

    def ask(self) -> None:
        self._asked.set()

    async def run(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            self._service.reloading()
            try:
                said = self._judge(await asyncio.to_thread(self._reread))
            except (EdgeVoiceError, OSError) as mistakes:
                said = f"reload refused, the configuration stays as it was: {mistakes}"
                log.error("%s", said)
                self._service.status(said)
            else:
                log.info("%s", said)
                self._service.status(said)
            self._service.ready()

    def _judge(self, new: Config) -> str:
        relay, live, others = mixed(self._config.relay, new.relay)
        self._take_up(relay)
        if new.log_level != self._config.log_level:
            logging.getLogger("edgevoice").setLevel(new.log_level.upper())
            live += ("log_level",)
        self._config = replace(self._config, relay=relay, log_level=new.log_level)
        said = f"reloaded: {', '.join(live) or 'no setting has changed'}"
        return said + (f"; a restart is needed for {', '.join(others)}" if others else "")


def mixed(
    old: RelayConfig, new: RelayConfig
) -> tuple[RelayConfig, tuple[str, ...], tuple[str, ...]]:
    """What then applies, and the settings that are new in it and that are not."""
    names = changed(old, new)
    live = tuple(name for name in names if name in LIVE)
    tops: dict[str, Any] = {name: getattr(new, name) for name in live if "." not in name}
    limits: dict[str, Any] = {
        name: getattr(new.limits, name)
        for name in (name.removeprefix("limits.") for name in live if "." in name)
    }
    applied = replace(old, limits=replace(old.limits, **limits), **tops)
    return applied, live, tuple(name for name in names if name not in LIVE)
