"""Handlings of faults, each taken out of a copy of the product: its test has to fail there.

`scripts/mutants` plays them; tests/test_faults.py sees to it that each still fits the code.
"""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Mutant:
    fault: str
    without: str
    """What is taken out, in words."""
    file: str
    old: str
    new: str
    test: str

    def spoil(self, tree: Path) -> None:
        """ValueError when the code has changed and the mutant has to follow."""
        path = tree / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file} has not once: {self.old!r}")
        path.write_text(text.replace(self.old, self.new))


MUTANTS = (
    Mutant(
        "microphone-unplugged",
        "noticing that no sound comes any more",
        "edgevoice/hardware/sound/watched_stream.py",
        "if age_s > (SETTLING_S if settling and self.starts_slowly else SILENT_S):",
        "if age_s < 0:",
        "tests/hardware/sound/test_microphone.py",
    ),
    Mutant(
        "silent-zeros",
        "taking zeros for a loss",
        "edgevoice/hardware/sound/microphone.py",
        "if not self._most_zeros or self._zeros < self._most_zeros:",
        "if self._zeros >= 0:",
        "tests/hardware/sound/test_microphone.py",
    ),
    Mutant(
        "nan-audio",
        "taking a score that is no number for none",
        "edgevoice/audio/open_wake_word.py",
        "if isfinite(score):",
        "if True:",
        "tests/audio/test_wake_word.py",
    ),
    Mutant(
        "stalled-reader",
        "bounding what waits to be read",
        "edgevoice/webrtc/hardening/ice.py",
        "if self._queue.qsize() < MAX_DATAGRAMS:",
        "if self._queue.qsize() >= 0:",
        "tests/webrtc/hardening/test_ice.py",
    ),
    Mutant(
        "stuck-button",
        "a press that is too long for a finger",
        "edgevoice/hardware/hands/contact.py",
        "self.deadline = self.since + self._stuck_s",
        "self.deadline = None",
        "tests/hardware/hands/test_button.py",
    ),
    Mutant(
        "light-missing",
        "keeping the gate closed without a light that is required",
        "edgevoice/daemon/gate_light.py",
        "            if self._required and not self._indicator.works:\n",
        "            if False:\n",
        "tests/daemon/test_gate_light.py",
    ),
    Mutant(
        "relay-busy",
        "waiting for as long as the relay wants",
        "edgevoice/link/retry.py",
        "now + min(MOST_WAIT_S, error.retry_after_s or 0.0)",
        "now",
        "tests/link/test_retry.py",
    ),
    Mutant(
        "token-revoked",
        "hanging up on a caller who was revoked",
        "edgevoice/relay/access/oversight.py",
        'self._calls.end(call_id, "the caller was revoked", REVOKED)',
        "self._checked.add(call_id)",
        "tests/relay/access/test_oversight.py",
    ),
    Mutant(
        "hostile-events",
        "the limit of nesting",
        "edgevoice/realtime/wire.py",
        "LIMIT_NESTING = 32",
        "LIMIT_NESTING = 1_000_000",
        "tests/relay/test_hostile_events.py",
    ),
    Mutant(
        "udp-flood",
        "the guard against strangers' datagrams",
        "edgevoice/webrtc/hardening/ice.py",
        "elif 20 <= data[0] < 192 and is_from_peer:",
        "elif 20 <= data[0] < 192:",
        "tests/webrtc/test_hostile_peers.py",
    ),
    Mutant(
        "runaway-session",
        "the time after which silence ends a session",
        "edgevoice/relay/patience.py",
        "return min(self._active_at + self._idle_s, self._ends_at)",
        "return math.inf",
        "tests/relay/test_hostile_events.py",
    ),
    Mutant(
        "wake-storm",
        "the limit of calls a minute",
        "edgevoice/relay/access/limits.py",
        "if not starts.take(now):",
        "if False:",
        "tests/relay/access/test_limits.py",
    ),
    Mutant(
        "power-cut",
        "flushing a file before it takes another's place",
        "edgevoice/hardware/system/line_file.py",
        "append(self._fresh, kept, flush=True)",
        "append(self._fresh, kept)",
        "tests/hardware/system/test_power_cuts.py",
    ),
    Mutant(
        "state-corrupt",
        "taking a damaged file for none",
        "edgevoice/hardware/system/state_file.py",
        "except (OSError, ValueError, RecursionError):",
        "except OSError:",
        "tests/hardware/system/test_state_file.py",
    ),
    Mutant(
        "wrong-clock",
        "following the relay's clock",
        "edgevoice/link/credential.py",
        "self._ahead_s = theirs - self._clock()",
        "self._ahead_s = 0.0",
        "tests/link/test_credential.py",
    ),
)
