"""Whom this board tells of itself, by its configuration; nobody and nothing is imported else."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from edgevoice.config import Config
from edgevoice.daemon.diary.turn_log import TurnLog
from edgevoice.daemon.diary.waterfall import TurnReport
from edgevoice.errors import ConfigError
from edgevoice.neighbours.happening import TURN, Happening, Narrator, Value
from edgevoice.neighbours.neighbour import Host, Neighbour, Neighbourhood
from edgevoice.transceiver.inputs import Input
from edgevoice.transceiver.transceiver import Transceiver

MODEL = Path("/proc/device-tree/model")


class Neighbours:
    """An observer of the runner, and what runs for those who are to be told."""

    def __init__(self, config: Config, host: Host, turns: TurnLog) -> None:
        self._neighbourhood = Neighbourhood(configured(config, host))
        self._narrator = Narrator(self._neighbourhood.tell)
        self._turns = turns
        self._last: TurnReport | None = None

    def observe(self, happened: Input, mind: Transceiver) -> None:
        self._narrator.observe(happened, mind)
        newest = self._turns.reports[-1] if self._turns.reports else None
        if newest is not None and newest is not self._last:
            self._neighbourhood.tell(turn_ended(newest))
        self._last = newest

    async def run(self) -> None:
        await self._neighbourhood.run()


def configured(config: Config, host: Host) -> list[Neighbour]:
    """In the order of the configuration; ConfigError where a package is missing."""
    try:
        return list(_configured(config, host))
    except ImportError as missing:
        raise ConfigError(
            f"neighbours: a package is missing ({missing}); install edgevoice[appliance], or take"
            " neighbours.mqtt and neighbours.metrics out of the configuration"
        ) from missing


def _configured(config: Config, host: Host) -> Iterator[Neighbour]:
    """Each is imported only when it is wanted."""
    wanted = config.neighbours
    if wanted.mqtt.url:
        from edgevoice.neighbours.mqtt import Mqtt

        yield Mqtt(wanted.mqtt, host, model(config.board), lambda: datetime.now(UTC))
    if wanted.metrics.port or wanted.metrics.textfile:
        from edgevoice.neighbours.metrics import Metrics

        yield Metrics(wanted.metrics, host)
    if wanted.hooks:
        from edgevoice.neighbours.hooks import Hook

        yield from (Hook(hook) for hook in wanted.hooks)
    if wanted.events_socket:
        from edgevoice.neighbours.event_socket import EventSocket

        yield EventSocket(wanted.events_socket, host)


def model(board: str) -> str:
    """Such as: Raspberry Pi Zero 2 W Rev 1.0, respeaker-2mic-v2."""
    try:
        machine = MODEL.read_text("utf-8", errors="replace").strip("\0\n ")
    except OSError:
        machine = "Linux"
    return machine if board == "none" else f"{machine}, {board}"


def turn_ended(report: TurnReport) -> Happening:
    """Durations and counts; what was said is not known here."""
    fields: dict[str, Value] = {
        "turn": report.number,
        "cause": report.cause,
        "outcome": report.outcome,
        "lost_samples": report.samples.lost,
    }
    if report.latency_ms is not None:
        fields["latency_ms"] = report.latency_ms
    return Happening(TURN, fields)
