"""A device as a process, and a relay that is in trouble in every way that HTTP and TLS know.

One device for all of it. What stands before the relay is told what to do; then somebody wakes
the device, and what its owner sees, hears and reads afterwards is looked at.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from edgevoice.simulator.relay_process import RunningRelay
from edgevoice.transceiver.actions import Problem
from tests.e2e.front import OTHER_HOST, Front, Trouble, answering, front, silent
from tests.e2e.house import DeviceProcess, device_process
from tests.e2e.overheard import RATE_HZ, Overheard
from tests.fault_report import Measured

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PORTAL = "<html><body>Welcome! Please accept our terms to go online.</body></html>"
START_S = 60.0
SAID_S = 6.5
"""From waking until it is known that it comes to nothing: `turn.connect_s`, on a busy machine."""


@dataclass
class Home:
    front: Front
    device: DeviceProcess
    overheard: Overheard

    async def wakes_in_vain(self, told: str, problem: Problem, warned: bool = True) -> float:
        """What the owner is shown, told and left to read; after how many seconds."""
        before = (await self.device.ask("status"))["last_turn"] or {"number": 0}
        self.front.forget()
        await self.overheard.silence()
        logged = len(self.device.log.read_text())
        await self.device.ask("wake")
        status = await self.device.until_that(
            lambda s: s["state"] == "idle" and s["last_turn"] not in (None, before), "given up"
        )
        assert status["relay"] == "offline"
        turn = status["last_turn"]
        assert re.search(told, turn["outcome"]), turn["outcome"]
        assert turn["outcome"].startswith("failed: ")
        assert (status["gate"], turn["samples"]["sent"]) == ("closed", 0)
        why = await self.device.ask("why")
        assert re.search(told, why["refusal"]["sentence"])
        await self.overheard.sentence(problem)
        log = self.device.log.read_text()[logged:]
        assert re.search(f"WARNING .*{told}", log) or not warned
        assert "● offline" in log
        assert "ERROR" not in log and "Traceback" not in log
        return float(turn["marks"]["end"])

    async def is_found_again(self) -> float:
        """Trouble is over: how long it takes from waking until somebody is listened to."""
        self.front.trouble = None
        self.front.show("good")
        await self.device.ask("wake")
        await self.device.until(state="listening", gate="open", relay=self.front.url)
        await self.device.ask("stop")
        status = await self.device.until(state="idle", gate="closed")
        return float(status["last_turn"]["marks"]["link open"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    tmp_path_factory: pytest.TempPathFactory, parrot: RunningRelay
) -> AsyncIterator[Home]:
    folder = tmp_path_factory.mktemp("trouble")
    overheard = Overheard(folder / "speaker.wav")
    async with (
        front(folder, parrot.url) as standing,
        device_process(
            folder,
            standing.url,
            parrot.token,
            link__ca_file=standing.authority,
            speaker__backend="wav",
            speaker__device=overheard.path,
            speaker__rate_hz=RATE_HZ,
            indicator__kind="console",
        ) as device,
    ):
        await device.until_that(lambda s: s["state"] == "idle", "a start", START_S)
        yield Home(standing, device, overheard)


@pytest_asyncio.fixture(loop_scope="module")
async def home(shared: Home) -> Home:
    """No trouble is left from the test before."""
    shared.front.trouble = None
    shared.front.show("good")
    return shared


@pytest.mark.fault("relay-errors")
async def test_a_relay_that_answers_5xx_is_asked_with_pauses_and_then_said_to_be_in_trouble(
    home: Home, measured: Measured
) -> None:
    home.front.trouble = answering(503)
    said_s = await home.wakes_in_vain(r"in trouble \(503\)", Problem.REFUSED)
    calls = len(home.front.called_at)
    assert said_s < SAID_S
    assert calls <= 12
    again_s = await home.is_found_again()
    measured(f"503: {calls} calls, said after {said_s:.1f} s; then open in {again_s:.2f} s")


@pytest.mark.fault("relay-slow")
async def test_a_relay_that_takes_the_call_and_says_nothing_is_given_up(
    home: Home, measured: Measured
) -> None:
    home.front.trouble = silent
    said_s = await home.wakes_in_vain("did not answer in time", Problem.RELAY_UNREACHABLE)
    assert said_s < SAID_S
    again_s = await home.is_found_again()
    measured(f"given up and said after {said_s:.1f} s; then open in {again_s:.2f} s")


@pytest.mark.fault("bad-certificate")
@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ("expired", "certificate has expired"),
        ("self-signed", "self.signed certificate"),
        ("another host's", "IP address mismatch"),
    ],
)
async def test_a_certificate_that_is_no_good_is_refused_with_the_reason_and_nothing_is_sent(
    home: Home, measured: Measured, certificate: str, reason: str
) -> None:
    home.front.show(certificate)
    said_s = await home.wakes_in_vain(f"certificate.*{reason}.*link.ca_file", Problem.REFUSED)
    assert said_s < SAID_S
    assert home.front.called_at == []
    assert home.front.handshakes <= 4, "the call, and a look before and after"
    shaken = home.front.handshakes
    again_s = await home.is_found_again()
    measured(
        f"{certificate}: said after {said_s:.2f} s, {shaken} handshakes, no request;"
        f" then open in {again_s:.2f} s"
    )


@pytest.mark.fault("token-expired")
async def test_a_token_that_is_not_believed_any_more_is_shown_once_and_that_is_said(
    home: Home, measured: Measured
) -> None:
    home.front.trouble = answering(401)
    said_s = await home.wakes_in_vain(r"does not accept our token \(401\)", Problem.REFUSED)
    assert len(home.front.called_at) == 1
    again_s = await home.is_found_again()
    measured(f"401: one call, said after {said_s:.2f} s; then open in {again_s:.2f} s")


@pytest.mark.fault("captive-portal")
@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (answering(200, PORTAL, "text/html"), "answer"),
        (answering(302, Location=f"https://{OTHER_HOST}/login"), f"points to.*{OTHER_HOST}"),
    ],
    ids=["a page", "a redirection"],
)
async def test_a_portal_is_not_taken_for_the_relay(
    home: Home, measured: Measured, trouble: Trouble, told: str
) -> None:
    home.front.trouble = trouble
    said_s = await home.wakes_in_vain(told, Problem.REFUSED)
    assert len(home.front.called_at) == 1
    measured(f"one call, said after {said_s:.2f} s")


@pytest.mark.fault("relay-busy")
async def test_a_relay_that_wants_fewer_calls_is_left_alone_and_the_owner_told_for_how_long(
    home: Home, measured: Measured
) -> None:
    """The last of these tests: the device would call nobody for half a minute."""
    home.front.trouble = answering(429, Retry_After="30")
    said_s = await home.wakes_in_vain("fewer calls.*again in 30 s", Problem.REFUSED)
    assert said_s < SAID_S
    assert len(home.front.called_at) == 1
    again_s = await home.wakes_in_vain("fewer calls", Problem.REFUSED, warned=False)
    assert home.front.called_at == []
    measured(f"said after {said_s:.1f} s, and {again_s:.1f} s the next time, without a call")
