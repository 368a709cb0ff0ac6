"""What can go wrong in a kitchen, and what the owner is promised when it does.

A test that produces one of these says so with `@pytest.mark.fault("name")`, and reports
what it measured with the fixture `measured`. `scripts/faults` runs them all and writes
docs/faults.md; tests/test_faults.py holds the two lists against each other.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent


@dataclass(frozen=True)
class Fault:
    name: str
    what: str
    promised: str


SOUND = (
    Fault(
        "microphone-unplugged",
        "The microphone is unplugged",
        "noticed within a second, shown and said; a session ends politely; heard again without"
        " a restart once it is back",
    ),
    Fault(
        "audio-server-restart",
        "The audio server is restarted, idle or in the middle of a turn",
        "heard and spoken again by itself within 5 s of its return",
    ),
    Fault(
        "silent-zeros",
        "The microphone delivers nothing but zeros",
        "said to be dead after some seconds, never taken for a quiet room",
    ),
    Fault(
        "other-microphone",
        "The sound server quietly switches to another microphone",
        "the configured one is waited for, no other is listened to",
    ),
    Fault("speaker-lost", "The speaker goes away", "shown; heard again once it is back"),
    Fault(
        "sound-server-hangs",
        "The sound server is there and answers nothing",
        "shown as lost; used again when it goes on, without a restart",
    ),
    Fault(
        "card-taken",
        "Another program holds the microphone or the loudspeaker",
        "said, with how to find that program; taken within 5 s of being free",
    ),
    Fault(
        "other-rate",
        "The microphone comes back with another sample rate and more channels",
        "heard as before; no sample is counted twice",
    ),
    Fault(
        "card-without-clock",
        "A sound card delivers hundreds of times too fast",
        "what is too much is dropped and counted; memory stays bounded",
    ),
    Fault(
        "clock-drift",
        "Microphone and loudspeaker are two cards whose clocks drift apart",
        "measured and followed; the echo stays cancelled",
    ),
    Fault(
        "own-voice",
        "The loudspeaker says the wake word, or speaks into the microphone for long",
        "it neither wakes nor interrupts itself",
    ),
    Fault(
        "nan-audio",
        "Samples are NaN, infinite or clipped",
        "made harmless where they enter; wake word and VAD go on",
    ),
    Fault(
        "stalled-reader",
        "Nobody reads a track's sound any more",
        "memory stays bounded, the oldest is dropped and counted",
    ),
)
HANDS = (
    Fault(
        "stuck-button",
        "The button is stuck",
        "hung up after 20 s (`button.stuck_s`), ignored and logged; the wake word still works",
    ),
    Fault(
        "light-missing",
        "The light is missing or breaks",
        "heard of; it goes on without, or with `indicator.required` sends no sound",
    ),
)
NETWORK = (
    Fault(
        "link-loss-1s",
        "The network is gone for 1 s in a conversation",
        "the session goes on, and no word is lost",
    ),
    Fault(
        "link-loss-3s",
        "The network is gone for 3 s in a conversation",
        "taken up again with the conversation; no finished sentence is lost",
    ),
    Fault(
        "link-loss-10s",
        "The network is gone for 10 s in a conversation",
        "the owner is told, or the conversation is taken up; the next wake word works",
    ),
    Fault("address-change", "The board's address changes", "a new link at once, same conversation"),
    Fault("dns-dead", "Names cannot be looked up", "the last good address is used, or it is said"),
    Fault(
        "bad-line",
        "The line loses, swaps and delays packets",
        "no word is lost, and the session goes on",
    ),
    Fault("ipv6-only", "There is no IPv4", "the same session over IPv6"),
    Fault("udp-blocked", "UDP is blocked", "the same session over a WebSocket"),
    Fault("relay-down", "The relay is down", "said within seconds of the wake word; found again"),
    Fault("relay-slow", "The relay is slow to answer", "given up at a deadline, and said"),
    Fault("relay-errors", "The relay answers 5xx", "tried again with growing pauses, then said"),
    Fault("relay-busy", "The relay answers 429", "`Retry-After` is kept, and the reason is said"),
    Fault("relay-full", "The relay is full", "503 with the reason; nobody else is hung up on"),
    Fault(
        "relay-store",
        "The relay's database is damaged, locked or full",
        "named at the start, told once while running; no session ends by it",
    ),
    Fault(
        "captive-portal",
        "A portal or a proxy answers in the relay's place",
        "taken for what it is and named; nothing is sent there",
    ),
    Fault("other-relay", "The relay is of another make or age", "used without what it lacks"),
    Fault(
        "server-down",
        "The server behind the relay is down, silent or cut off",
        "another brain goes on in mid-conversation; the server is tried again with pauses",
    ),
    Fault(
        "server-quota",
        "The account at the server is used up",
        "another brain answers that very question",
    ),
    Fault("relay-killed", "The relay is killed in a turn", "taken up again after its restart"),
    Fault(
        "bad-certificate",
        "The relay's certificate is expired, self-signed or another host's",
        "refused and named, no storm of retries, nothing sent",
    ),
    Fault(
        "wrong-clock",
        "The board's clock is wrong by ten years",
        "the wake word works; tokens follow the relay's clock, and doctor says so",
    ),
    Fault("token-expired", "The token has expired", "renewed once, then said; no loop"),
    Fault("token-revoked", "The device is revoked", "a running session ends, and it is said"),
)
STRANGERS = (
    Fault(
        "hostile-events",
        "The other end sends hostile events: deep, huge, malformed, too many",
        "refused by size, shape and rate; the session goes on or is closed with a reason",
    ),
    Fault("malformed-sdp", "An offer is malformed", "refused with 400; nothing is left behind"),
    Fault(
        "udp-flood",
        "Datagrams from strangers: empty, random, spoofed, many",
        "dropped unread; sessions live on",
    ),
)
SPENDING = (
    Fault(
        "runaway-session",
        "A session does not end",
        "ended by two clocks, on the device and on the relay",
    ),
    Fault(
        "quota-reached",
        "The minutes or the money of a day are used up",
        "said, and refused until tomorrow; a restart forgives nothing",
    ),
    Fault(
        "wake-storm",
        "The television says the wake word again and again",
        "a storm is snoozed and shown; the relay bounds sessions per minute",
    ),
)
POWER = (
    Fault(
        "power-cut",
        "The power is cut while a state file is written",
        "the file is the old or the new one, never half of one",
    ),
    Fault("disk-full", "The disk is full", "answers go on; nothing known is forgotten"),
    Fault("disk-read-only", "The disk is read-only", "answers go on; the owner is told"),
    Fault("state-corrupt", "State files are corrupt", "set aside, defaults taken, the owner told"),
    Fault("memory-limit", "Memory runs out", "killed and started again by systemd within seconds"),
    Fault(
        "slow-cpu",
        "The CPU is throttled to a third",
        "the ears skip and say so, and never fall behind",
    ),
    Fault("sigterm", "SIGTERM in any state", "the microphone closes at once; out within 2 s"),
    Fault("kill-9", "kill -9", "started again, mute kept"),
    Fault("hang", "The event loop or the capture hangs", "killed by the watchdog, started again"),
)
FILES = (
    Fault(
        "bad-reload",
        "The configuration is corrupt at a reload",
        "the old one stays; file and line are named",
    ),
    Fault("corrupt-model", "A model file is corrupt", "named; another way to wake stays"),
)

SUBJECTS = {
    "Sound": SOUND,
    "Hands and light": HANDS,
    "Network and relay": NETWORK,
    "Strangers": STRANGERS,
    "Spending": SPENDING,
    "Power, disk, processor": POWER,
    "Files": FILES,
}
FAULTS: Mapping[str, Fault] = {fault.name: fault for row in SUBJECTS.values() for fault in row}


@cache
def marked_tests(folder: Path = TESTS) -> dict[str, list[str]]:
    """The ids of the tests of each fault, without importing any of them.

    Found are marks of functions and classes; a module's `pytestmark` is not (nor is it
    taken: see tests/fault_report.py).
    """
    found = defaultdict(list)
    for path in sorted(folder.rglob("test_*.py")):
        text = path.read_text()
        if "mark.fault(" not in text:
            continue
        where = path.relative_to(folder.parent).as_posix()
        for name, test in _marked(ast.parse(text).body):
            found[name].append(f"{where}::{test}")
    return dict(found)


def _marked(
    body: list[ast.stmt], inside: str = "", of_class: tuple[str, ...] = ()
) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            names = (*of_class, *_names(node.decorator_list))
            yield from _marked(node.body, f"{inside}{node.name}::", names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for name in (*of_class, *_names(node.decorator_list)):
                yield name, inside + node.name


def _names(decorators: list[ast.expr]) -> Iterator[str]:
    for decorator in decorators:
        for node in ast.walk(decorator):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.fault"):
                yield from (ast.literal_eval(argument) for argument in node.args)
