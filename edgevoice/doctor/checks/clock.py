"""Whether this board knows what time it is: certificates, tokens and timers depend on it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Machine

SYNCHRONISED = "run/systemd/timesync/synchronized"
BEFORE_US = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
"""No board that runs this can be earlier."""
FAR_AHEAD = datetime(2100, 1, 1, tzinfo=UTC).timestamp()

MEND = (
    "sudo timedatectl set-ntp true, and before it, where that is refused:"
    " sudo apt install systemd-timesyncd"
)


def clock(machine: Machine) -> Iterator[Finding]:
    now = machine.now()
    said = datetime.fromtimestamp(min(max(now, 0), 4e9), UTC).strftime("%Y-%m-%d %H:%M UTC")
    if not BEFORE_US <= now < FAR_AHEAD:
        text = f"says {said}, which cannot be: certificates and tokens are refused"
        yield Finding("fail", "clock", text, f'{MEND}, or: sudo date -s "2026-12-24 18:00"')
    elif is_synchronised(machine):
        yield Finding("ok", "clock", f"{said}, synchronised")
    else:
        yield Finding("warn", "clock", f"{said}, and nothing has set it since the start", MEND)


def is_synchronised(machine: Machine) -> bool:
    """By systemd-timesyncd, or, as the kernel knows, by chrony or another."""
    if machine.exists(SYNCHRONISED):
        return True
    told = machine.run("timedatectl", "show", "-p", "NTPSynchronized", "--value")
    return told is not None and told.text.strip() == "yes"
