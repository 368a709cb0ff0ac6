"""A configuration read again: what a running relay takes up, and what it says of the rest."""

import argparse
import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from edgevoice.config import Config, LimitsConfig, PriceConfig, RelayConfig
from edgevoice.errors import ConfigError
from edgevoice.relay.access.limits import Day, Limits
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.reload_command import process
from edgevoice.relay.reloading import LIVE, Reloading, mixed
from edgevoice.relay.store.records import Use
from tests.virtual_time import elapse

OLD = RelayConfig()


class Relay:
    """What is reloaded, and the service manager that hears of it."""

    def __init__(self) -> None:
        self.written: Config | str = Config()
        self.config = OLD
        self.told: list[str] = []
        self.reloading_ = Reloading(Config(), self._read, self._take_up, self)

    def _read(self) -> Config:
        if isinstance(self.written, str):
            raise ConfigError(self.written)
        return self.written

    def _take_up(self, config: RelayConfig) -> None:
        if config.tls_cert == "bad.pem":
            raise ConfigError("cannot use relay.tls_cert bad.pem")
        self.config = config

    def reloading(self) -> None:
        self.told.append("reloading")

    def ready(self) -> None:
        self.told.append("ready")

    def status(self, text: str) -> None:
        self.told.append(text)

    async def after(self, written: Config | str) -> str:
        """What is told between the two signs."""
        self.told.clear()
        self.written = written
        self.reloading_.ask()
        await elapse(0.1)
        first, *said, last = self.told
        assert (first, last) == ("reloading", "ready")
        return "\n".join(said)


@asynccontextmanager
async def running() -> AsyncIterator[Relay]:
    relay = Relay()
    task = asyncio.ensure_future(relay.reloading_.run())
    yield relay
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def changes(**settings: object) -> Config:
    return replace(Config(), relay=replace(OLD, **settings))  # type: ignore[arg-type]


async def test_limits_and_prices_are_taken_up_and_the_rest_takes_a_restart() -> None:
    limits = replace(OLD.limits, minutes_per_day=5.0, sdp_bytes=99_999)
    async with running() as relay:
        said = await relay.after(changes(limits=limits, engine="parrot", prices=(PriceConfig(),)))
    assert said.startswith("reloaded: ")
    assert "limits.minutes_per_day" in said.partition(";")[0]
    assert said.endswith("; a restart is needed for engine, limits.sdp_bytes")
    assert relay.config.limits == replace(OLD.limits, minutes_per_day=5.0)
    assert relay.config.engine == OLD.engine


async def test_mistakes_are_refused_with_file_and_line_and_may_be_mended() -> None:
    async with running() as relay:
        said = await relay.after("config.yaml:7: relay.engine: must be one of")
        assert said.startswith("reload refused") and "config.yaml:7" in said
        assert "bad.pem" in await relay.after(changes(tls_cert="bad.pem"))
        assert relay.config == OLD
        assert await relay.after(Config()) == "reloaded: no setting has changed"


async def test_the_log_level_applies_at_once() -> None:
    async with running() as relay:
        assert await relay.after(replace(Config(), log_level="error")) == "reloaded: log_level"
        assert logging.getLogger("edgevoice").level == logging.ERROR
        await relay.after(Config())
        assert logging.getLogger("edgevoice").level == logging.INFO


def test_every_name_that_is_live_is_a_setting() -> None:
    for name in LIVE:
        section = OLD.limits if name.startswith("limits.") else OLD
        assert hasattr(section, name.removeprefix("limits."))
    assert mixed(OLD, OLD) == (OLD, (), ())


def test_new_limits_hold_for_the_next_call() -> None:
    limits, day = Limits(LimitsConfig(sessions=1)), Day(Use(), 1.0)
    limits.admit("a", day, 0.0)
    limits.started("a", "call_1", 0.0)
    with pytest.raises(CallRefused, match="full"):
        limits.admit("b", day, 0.0)
    limits.take_up(LimitsConfig(sessions=2))
    assert limits.admit("b", day, 0.0).session_s == LimitsConfig().session_s


@pytest.mark.parametrize("text", ["0", "1", "-1", "x", "99999999999"])
def test_only_a_process_is_told(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="not the number of a process"):
        process(text)
