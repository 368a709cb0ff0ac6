"""The link: from waking to being heard over good and bad networks, next to plain aiortc.

    scripts/bench link [--connects 50] [--only LAN] [--rows edgevoice,aiortc]
    scripts/bench link --idle [--rows edgevoice]

Device and relay are processes in two network namespaces, joined by a line that delays
and loses packets (edgevoice/simulator/wide_area.py). Root only. One connection at a time,
by turns. All speak HTTPS; what plain aiortc is, is told in connecting/stock.py.

heard     from waking until the relay has the first sample of the user, decoded
open      from waking until the device may send events
ready     from waking until the device has `session.created`, over the event channel
lost      sound captured since waking that the relay never had, per connection
FEC       packets lost on the way whose sound was in the next one
made up   packets whose sound was concealed: in all, and the most of one connection
--idle shows what a device costs that nobody wakes.
"aiortc, prepared" has made its offer and opened its HTTPS connection before, as edgevoice does.
"""

import argparse
import asyncio
import json
import math
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from edgevoice.simulator.certificate import self_signed
from edgevoice.simulator.delay_line import LineConfig
from edgevoice.simulator.namespace import missing
from edgevoice.simulator.wide_area import WideArea

HERE = Path(__file__).parent
START_S = 30.0
CONNECT_S = 15.0
"""Longer attempts count as failed; plain aiortc under loss takes up to 8 s."""
SPEAK_S = 0.2
"""The user goes on for so long once there is a session."""
ARRIVE_S = 2.0
PAUSE_S = 0.4
IDLE_S = 20.0
STOP_S = 1.0
RATE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class Network:
    name: str
    line: LineConfig
    """One way."""
    ready_budget_ms: float | None = None
    """For the median of ours."""


NETWORKS = (
    Network("LAN", LineConfig(), 150),
    Network("50 ms", LineConfig(delay_ms=25), 350),
    Network("50 ms, 2 % loss", LineConfig(delay_ms=25, loss=0.02)),
    Network("20 ms, 5 % loss", LineConfig(delay_ms=10, loss=0.05)),
)
"""Round trips. Loss is each way, of every packet, TCP's too."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A row of the table: which program, and which of its devices."""

    name: str
    program: str
    device: str = "device"
    rest_s: float = 0.0
    """What it needs after a session to get ready for the next."""


CONTENDERS = (
    Contender("edgevoice", "ours"),
    Contender("speculative", "ours", "speculative"),
    Contender("standby", "ours", "standby", rest_s=1.5),
    Contender("aiortc, prepared", "stock", "prepared"),
    Contender("aiortc", "stock"),
)
"""The second and third are edgevoice with `link.speculative_connect` and `link.warm_standby`."""


@dataclass(slots=True)
class Measured:
    heard_ms: list[float] = field(default_factory=list)
    open_ms: list[float] = field(default_factory=list)
    ready_ms: list[float] = field(default_factory=list)
    lost_ms: list[float] = field(default_factory=list)
    recovered: list[int] = field(default_factory=list)
    concealed: list[int] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


class End:
    """A process in a namespace, told what to do by lines; its news are kept until asked for."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.news: list[dict[str, object]] = []

    def tell(self, order: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n".encode())

    async def hear(self, wanted: Callable[[], bool], seconds: float) -> bool:
        """Take in news until there is what was wanted; False if it took too long."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(seconds):
                while not wanted():
                    if not (line := await self._process.stdout.readline()):
                        raise SystemExit("link: an end has stopped; see above")
                    self.news.append(json.loads(line))
        except TimeoutError:
            return False
        return True

    @property
    def processor_s(self) -> float:
        """What it has used so far (proc(5), /proc/pid/stat, fields 14 and 15)."""
        words = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def last(self, what: str) -> dict[str, object] | None:
        return next((news for news in reversed(self.news) if news["what"] == what), None)

    async def until(self, *what: str, seconds: float) -> dict[str, object] | None:
        """The first news of these kinds."""
        found = await self.hear(lambda: any(map(self.last, what)), seconds)
        return next(filter(None, map(self.last, what))) if found else None


async def start(stack: AsyncExitStack, inside: tuple[str, ...], *words: str) -> End:
    """An end that is ready to work; it stops when the stack is left."""
    process = await asyncio.create_subprocess_exec(
        *inside,
        sys.executable,
        "-m",
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": f"{HERE}:{HERE.parents[1]}"},
    )
    stack.push_async_callback(stop, process)
    end = End(process)
    if await end.until("ready", seconds=START_S) is None:
        raise SystemExit(f"link: {words} does not start")
    return end


async def stop(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(STOP_S):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()


async def connect(device: End, relay: End, into: Measured) -> None:
    """Wake, wait until both ends know it, speak on a little, compare."""
    device.news.clear()
    relay.news.clear()
    device.tell("wake")
    woken = await device.until("woken", seconds=CONNECT_S)
    outcome = await device.until("ready", "failed", seconds=CONNECT_S)
    first = await relay.until("heard", seconds=CONNECT_S)
    if woken is None or first is None or outcome is None or outcome["what"] == "failed":
        reason = str(outcome and outcome.get("reason"))
        into.failed.append(f"{reason} (the relay {'heard it' if first else 'heard nothing'})")
    else:
        into.ready_ms.append(1000 * (outcome["at"] - woken["at"]))
        into.heard_ms.append(1000 * (first["at"] - woken["at"]))
        await asyncio.sleep(SPEAK_S)
        await compare(device, relay, into)
        if opened := device.last("open"):
            into.open_ms.append(1000 * (opened["at"] - woken["at"]))
    device.tell("end")
    await asyncio.sleep(PAUSE_S)
    await relay.hear(lambda: False, 0.05)
    await device.hear(lambda: False, 0.05)


async def compare(device: End, relay: End, into: Measured) -> None:
    """What the device has captured by now, and what the relay has of it once it has come."""
    device.tell("mark")
    captured = await device.until("captured", seconds=CONNECT_S)
    assert captured is not None
    due = captured["samples"] - captured["skipped"]

    def heard() -> dict[str, object]:
        return relay.last("heard") or {"end": 0, "gaps": 0}

    await relay.hear(lambda: heard()["end"] >= due, ARRIVE_S)
    missing_samples = captured["skipped"] + heard()["gaps"] + max(0, due - heard()["end"])
    into.lost_ms.append(1000 * missing_samples / RATE_HZ)
    into.recovered.append(heard().get("recovered", 0))
    into.concealed.append(heard().get("concealed", 0))


async def measure(network: Network, contenders: list[Contender], connects: int) -> list[Measured]:
    """By turns, so that whatever else this machine does hits them alike."""
    results = [Measured() for _ in contenders]
    with tempfile.TemporaryDirectory() as folder, WideArea() as area:
        certificate, key = self_signed(Path(folder), area.relay_address)
        async with AsyncExitStack() as stack:
            relays, devices = {}, []
            for contender in contenders:
                module = f"connecting.{contender.program}"
                to = (area.relay_address, str(certificate))
                if module not in relays:
                    relays[module] = await start(
                        stack, area.relay.inside, module, "relay", *to, str(key)
                    )
                end = await start(stack, area.device.inside, module, contender.device, *to)
                devices.append((end, relays[module]))
            area.change(**{name: getattr(network.line, name) for name in ("delay_ms", "loss")})
            await asyncio.sleep(1)  # everything that can be prepared is
            for device, relay in devices:
                await connect(device, relay, Measured())  # loads what is loaded on first use
            for _ in range(connects):
                for contender, (device, relay), result in zip(
                    contenders, devices, results, strict=True
                ):
                    await asyncio.sleep(contender.rest_s)
                    await connect(device, relay, result)
            area.change(delay_ms=0.0, loss=0.0)
    return results


async def idle(contender: Contender) -> str:
    """Of a device that is on, over a way of 50 ms: processor time and traffic, both ways."""
    with tempfile.TemporaryDirectory() as folder, WideArea(LineConfig(delay_ms=25)) as area:
        certificate, key = self_signed(Path(folder), area.relay_address)
        module, to = f"connecting.{contender.program}", (area.relay_address, str(certificate))
        async with AsyncExitStack() as stack:
            await start(stack, area.relay.inside, module, "relay", *to, str(key))
            device = await start(stack, area.device.inside, module, contender.device, *to)
            await asyncio.sleep(3)
            before, spent = area.counts(), device.processor_s
            await asyncio.sleep(IDLE_S)
            sent = [now.sent - then.sent for now, then in zip(area.counts(), before, strict=True)]
            busy = 1000 * (device.processor_s - spent) / IDLE_S
    up, down = (count / IDLE_S for count in sent)
    return f"  {contender.name:18} {busy:.1f} ms of processor, {up:.1f} and {down:.1f} packets"


def percentile(values: list[float], share: float) -> float:
    """Infinity if there are none."""
    return sorted(values)[int(share * (len(values) - 1) + 0.5)] if values else math.inf


SHARES = (0.5, 0.9, 0.99)
TAIL = ("50 %", "90 %", "99 %")

Cell = float | str
Row = list[tuple[Cell, ...]]

TITLES: Row = [("heard", "ms", ""), ("open",), ("ready", "ms", ""), ("lost", "ms"), ("FEC",)]
TITLES += [("made", "up"), ()]
COLUMNS: Row = [TAIL, ("50 %",), TAIL, ("mean", "most"), ("all",), ("all", "most"), ("failed",)]


def line(name: str, groups: Row) -> str:
    """Columns of six, with more between groups."""
    return f"  {name:18}" + "".join(f"  {' '.join(map(cell, group))}" for group in groups)


def cell(value: Cell) -> str:
    return f"{value:>6}" if isinstance(value, str) else f"{value:6.0f}"


def figures(result: Measured) -> Row:
    lost = result.lost_ms or [math.inf]
    return [
        tuple(percentile(result.heard_ms, share) for share in SHARES),
        (percentile(result.open_ms, 0.5),),
        tuple(percentile(result.ready_ms, share) for share in SHARES),
        (statistics.mean(lost), max(lost)),
        (sum(result.recovered),),
        (sum(result.concealed), max(result.concealed, default=0)),
        (len(result.failed),),
    ]


def verdict(network: Network, result: Measured) -> list[str]:
    """What of ours is over its budget."""
    over = []
    budget_ms = network.ready_budget_ms
    ready_ms = percentile(result.ready_ms, 0.5)
    if budget_ms is not None and ready_ms > budget_ms:
        over.append(f"ready after {ready_ms:.0f} ms, budget {budget_ms:.0f} ms")
    if any(result.lost_ms):
        over.append(f"{sum(result.lost_ms):.0f} ms of sound lost, budget 0")
    over += [f"not connected: {reason}" for reason in result.failed]
    return over


def report(network: Network, contenders: list[Contender], results: list[Measured]) -> bool:
    print(network.name)
    print(line("", TITLES))
    print(line("", COLUMNS))
    within = True
    for contender, result in zip(contenders, results, strict=True):
        print(line(contender.name, figures(result)))
        if contender.program == "ours":
            for complaint in verdict(network, result):
                print(f"    OVER: {complaint}")
                within = False
    budget = network.ready_budget_ms or "-"
    print(line("budget", [("-",) * 3, ("-",), (budget, "-", "-"), (0.0, 0.0)]), flush=True)
    return within


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench link")
    parser.add_argument("--connects", type=int, default=50, help="per row (default 50)")
    parser.add_argument("--only", default="", help="networks whose names begin so, e.g. LAN")
    parser.add_argument("--idle", action="store_true", help="what it costs not to be woken")
    parser.add_argument("--rows", default="edgevoice,aiortc", help="those that begin so")
    options = parser.parse_args()
    if reason := missing():
        print(f"link: {reason}", file=sys.stderr)
        return 1
    networks = [n for n in NETWORKS if n.name.lower().startswith(options.only.lower())]
    wanted = tuple(options.rows.split(","))
    contenders = [c for c in CONTENDERS if c.name.startswith(wanted)]
    if not networks or not contenders:
        parser.error(f"there are: {', '.join(n.name for n in NETWORKS)}")
    if options.idle:
        for contender in contenders:
            print(f"{asyncio.run(idle(contender))} up and down, per second", flush=True)
        return 0
    within = True
    for network in networks:
        results = asyncio.run(measure(network, contenders, options.connects))
        within = report(network, contenders, results) and within
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
