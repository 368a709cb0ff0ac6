"""One line for whoever asks the service manager: `systemctl status edgevoice`.

What it is doing and since when, what it hears with, whom it would call, and how the last
turn went. Never what was said. Told when there is something new to say.
"""

from collections.abc import Callable
from datetime import datetime

from edgevoice.daemon.diary.turn_log import TurnLog
from edgevoice.daemon.diary.waterfall import TurnReport
from edgevoice.log_fields import stand
from edgevoice.transceiver.indication import Facts
from edgevoice.transceiver.inputs import Input, LinkOpened
from edgevoice.transceiver.states import State
from edgevoice.transceiver.transceiver import Transceiver

REMEDIES = {
    "muted": " (`edgevoice unmute` opens the microphone)",
    "microphone lost": " (look at its plug; `edgevoice doctor` helps)",
    "speaker lost": " (look at its plug; `edgevoice doctor` helps)",
}
MOST_OF_A_REASON = 120
"""The log has all of it."""


class StatusLine:
    def __init__(
        self,
        tell: Callable[[str], None],
        board: str,
        turns: TurnLog,
        relay: Callable[[], str],
        wall_clock: Callable[[], datetime],
    ) -> None:
        """`relay`: who carries the session, or would be called first."""
        self._tell = tell
        self._board = board
        self._turns = turns
        self._relay = relay
        self._wall_clock = wall_clock
        self._note = ""
        self._doing = ""
        self._since = ""
        self._reported: TurnReport | None = None
        self._last_turn = "no turn yet"
        self._told = ""
        self.why_deaf: Callable[[], str] = lambda: ""
        """Why its name is not listened for; empty while it is."""

    def note(self, text: str, mind: Transceiver) -> None:
        """Something the owner ought to read first, until it is taken off again (empty)."""
        self._note = f"{text} | " if text else ""
        self.show(mind)

    def observe(self, happened: Input, mind: Transceiver) -> None:
        """After each input. All log lines of a session carry its name, from here on."""
        if isinstance(happened, LinkOpened):
            stand(session=happened.session)
        elif mind.state is State.IDLE:
            stand(session="")
        self.show(mind)

    def show(self, mind: Transceiver) -> None:
        deaf = self.why_deaf()
        line = self._note + (f"deaf: {deaf} | " if deaf else "") + self._line(mind)
        if line != self._told:
            self._told = line
            self._tell(line)

    def _line(self, mind: Transceiver) -> str:
        doing = doing_now(mind.state, mind.facts)
        if doing != self._doing:
            self._doing, self._since = doing, self._now()
        reports = self._turns.reports
        if reports and reports[-1] is not self._reported:
            self._reported = reports[-1]
            self._last_turn = f"last turn {_outcome(reports[-1])}, {self._now()}"
        relay = self._relay()
        if mind.facts.offline:
            relay += f" out of reach ({mind.last_ending[:MOST_OF_A_REASON]})"
        return (
            f"{doing} since {self._since}{REMEDIES.get(doing, '')} | board {self._board},"
            f" microphone {_microphone(mind.facts)}, relay {relay} | {self._last_turn}"
        )

    def _now(self) -> str:
        return self._wall_clock().strftime("%d %b %H:%M")


def doing_now(state: State, facts: Facts) -> str:
    """What comes first where several things are true; an open microphone is never hidden."""
    if facts.muted:
        return "muted"
    if facts.microphone_lost:
        return "microphone lost"
    if state is not State.IDLE:
        return str(state.value)
    if facts.ringing:
        return "timer ringing"
    if facts.announcing:
        return "announcing"
    return "speaker lost" if facts.speaker_lost else "idle"


def _microphone(facts: Facts) -> str:
    if facts.muted:
        return "closed"
    return "lost" if facts.microphone_lost else "ok"


def _outcome(report: TurnReport) -> str:
    after = "" if report.latency_ms is None else f" after {report.latency_ms / 1e3:.1f} s"
    return f"{report.outcome}{after}"
