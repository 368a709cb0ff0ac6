"""Mutated descriptions are refused in our own words or taken, and leave nothing behind.

The mutations are those that found six kinds of exceptions in aiortc's parser. All
mutants pass the gates, which are text; aiortc sees what the gates let through.
"""

import asyncio
import logging
import random
from collections.abc import Iterator

import pytest

from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc import sdp
from edgevoice.webrtc.fmtp import Wishes, wishes
from tests import virtual_time
from tests.fault_report import Measured
from tests.webrtc.ends import new_call, new_caller, open_files, session
from tests.webrtc.test_sdp import BROWSER

STARTS = """
a= m=audio a=rtpmap: a=fmtp: a=candidate: a=ssrc: a=extmap: a=msid: a=group:BUNDLE a=rtcp-fb:
a=setup:zzz a=mid: c=IN a=fingerprint: a=sctp-port:x a=rtcp: a=ice-ufrag: a=ice-pwd: a=ice-lite
a=max-message-size: a=edgevoice-channel: a=edgevoice-first-timestamp: m=application v=0
""".split()  # noqa: SIM905 (a list of them fills a page)
JUNK = ("", "-1", "99999999999999999999", "\0", "é", "٣", ":", " ")


async def seeds() -> list[str]:
    async with session() as both:
        return [both.caller.offer, both.answer, BROWSER]


def mutants(count: int, seeds: list[str]) -> Iterator[str]:
    dice = random.Random(1)
    for _ in range(count):
        lines = dice.choice(seeds).split("\r\n")
        for _ in range(dice.randint(1, 4)):
            mutate(lines, dice)
        yield "\r\n".join(lines)


def mutate(lines: list[str], dice: random.Random) -> None:
    at = dice.randrange(len(lines))
    match dice.randrange(5):
        case 0 if len(lines) > 1:
            lines.pop(at)
        case 1:
            lines.insert(at, dice.choice(lines))
        case 2:
            lines[at] = lines[at][: dice.randint(0, len(lines[at]))]
        case 3:
            lines[at] = lines[at].replace(dice.choice("0123456789 :/"), dice.choice(JUNK))
        case _:
            lines[at] = dice.choice(STARTS) + lines[at][: dice.randint(0, 10)]


def let_in(texts: Iterator[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Offers and answers that pass, by what the gate makes of them. Anything else is refused."""
    offers, answers = {}, {}
    for text in texts:
        wishes(text)
        sdp.first_timestamp(text)
        sdp.agrees_on_channel(text)
        try:
            offers[sdp.admit_offer(text)] = text
        except RemoteProtocolError:
            pass
        try:
            answers[sdp.admit_answer(text)] = text
        except RemoteProtocolError:
            pass
    return offers, answers


async def answer(offer: str) -> bool:
    call = new_call()
    try:
        await call.answer(offer)
    except RemoteProtocolError:
        return False
    finally:
        await call.close()
    return True


async def accept(answer: str) -> bool:
    caller = new_caller()
    await caller.prepare(Wishes())
    try:
        await caller.accept(answer)
        await asyncio.sleep(0.05)
    except RemoteProtocolError:
        return False
    finally:
        await caller.peer.close()
    return True


async def fuzz(count: int, tried: int) -> tuple[int, int]:
    """How many of `count` mutants were let in as offers and as answers; aiortc gets `tried`."""
    sown = await seeds()
    assert await answer(sown[0])
    assert await accept(sown[1])
    before, tasks = open_files(), len(asyncio.all_tasks())
    offers, answers = let_in(mutants(count, sown))
    dice = random.Random(2)
    for offer in dice.sample(list(offers.values()), min(tried, len(offers))):
        await answer(offer)
    for text in dice.sample(list(answers.values()), min(tried, len(answers))):
        await accept(text)
    for text in list(mutants(tried // 10, sown)):
        await answer(text)
        await accept(text)
    await asyncio.sleep(5)
    assert open_files() == before
    assert len(asyncio.all_tasks()) == tasks
    return len(offers), len(answers)


@pytest.mark.fault("malformed-sdp")
def test_some_mutants(caplog: pytest.LogCaptureFixture) -> None:
    offers, answers = virtual_time.run(fuzz(400, 20))
    assert offers > 20
    assert answers > 20
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.slow
@pytest.mark.fault("malformed-sdp")
def test_twenty_thousand_mutants(caplog: pytest.LogCaptureFixture, measured: Measured) -> None:
    offers, answers = virtual_time.run(fuzz(20_000, 200))
    measured(f"20,000 mutants: {20_000 - offers} refused unread as offers; no file or task left")
    assert offers > 300
    assert answers > 300
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
