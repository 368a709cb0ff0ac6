"""Announcements over HTTP: the owner posts them, devices fetch them, or wait for the next.

The owner shows the admin token, a device what it calls with. No sound goes this way.
What is announced is in no log.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from edgevoice.relay.access.callers import Caller, Callers
from edgevoice.relay.announcing.notices import EVERYBODY, LONGEST, Notices
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.http.request_body import read_body

PATH = "/v1/edgevoice/announcements"
MOST_WAIT_S = 55.0
"""Below the minute after which many a router forgets a connection."""
MOST_LISTENERS = 256
BODY_BYTES = 4_096

log = logging.getLogger(__name__)


class _Wanted(msgspec.Struct, forbid_unknown_fields=True):
    device: Annotated[str, Meta(min_length=1, max_length=64)]
    text: Annotated[str, Meta(min_length=1, max_length=LONGEST)]
    urgent: bool = False


class AnnouncementPages:
    def __init__(
        self,
        callers: Callers,
        notices: Notices,
        is_owner: Callable[[Mapping[str, str]], bool],
    ) -> None:
        self._callers = callers
        self._notices = notices
        self._is_owner = is_owner
        self._listeners: dict[str, tuple[Caller, asyncio.Event]] = {}
        """By name: a device that asks again has lost the answer of before."""

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(PATH, self._announce)
        app.router.add_get(PATH, self._fetch)
        app.on_shutdown.append(self._release)

    async def _announce(self, request: web.Request) -> web.Response:
        if not self._is_owner(request.headers):
            raise CallRefused(
                401,
                "send Authorization: Bearer TOKEN with the token of relay.admin_token_file",
                code="invalid_api_key",
            )
        wanted = read(await read_body(request, BODY_BYTES))
        device, text = " ".join(wanted.device.split()), " ".join(wanted.text.split())
        if not text.strip():
            raise CallRefused(400, "text: there is nothing to say", code="invalid_value")
        if device.casefold() != EVERYBODY and not await self._callers.knows(device):
            raise CallRefused(
                404,
                f'no device is called "{device}": `edgevoice relay devices` lists them',
                code="unknown_device",
            )
        dropped = self._notices.add(device, text, wanted.urgent, _now())
        listening = self._wake(device)
        log.info("an announcement for %d that listen%s", listening, ", urgent" * wanted.urgent)
        return web.json_response({"listening": listening, "dropped": dropped}, status=202)

    async def _fetch(self, request: web.Request) -> web.Response:
        caller = await self._callers.of(request)
        if caller.kind == "secret":  # which is somebody else's client: what it took would be lost
            raise CallRefused(403, "a client secret is for calls", code="forbidden")
        wait_s = _wait_s(request.query.get("wait", "0"))
        found = self._notices.take(_names(caller), _now())
        if not found and wait_s > 0:
            await self._wait(caller, wait_s)
            found = self._notices.take(_names(caller), _now())
        said = [{"text": notice.text, "urgent": notice.urgent} for notice in found]
        return web.json_response({"announcements": said})

    async def _wait(self, caller: Caller, wait_s: float) -> None:
        if caller.name not in self._listeners and len(self._listeners) >= MOST_LISTENERS:
            raise CallRefused(503, "too many listen", code="overloaded", retry_after_s=60.0)
        _, before = self._listeners.get(caller.name, (caller, asyncio.Event()))
        before.set()
        woken = asyncio.Event()
        self._listeners[caller.name] = (caller, woken)
        try:
            async with asyncio.timeout(wait_s):
                await woken.wait()
        except TimeoutError:
            pass
        finally:
            if self._listeners.get(caller.name, (caller, None))[1] is woken:
                del self._listeners[caller.name]

    def _wake(self, device: str) -> int:
        wanted = device.casefold()
        waiting = [
            woken
            for caller, woken in self._listeners.values()
            if wanted in {EVERYBODY, *(name.casefold() for name in _names(caller))}
        ]
        for woken in waiting:
            woken.set()
        return len(waiting)

    async def _release(self, _app: web.Application) -> None:
        for _, woken in self._listeners.values():
            woken.set()


def _names(caller: Caller) -> set[str]:
    return {caller.name, str(caller)}


def read(body: bytes) -> _Wanted:
    """CallRefused where that is no announcement."""
    try:
        return msgspec.json.decode(body, type=_Wanted)
    except (ValueError, RecursionError) as error:
        raise CallRefused(
            400,
            f'{error}; send {{"device": "kitchen" or "all", "text": up to {LONGEST} letters}}',
            code="invalid_value",
        ) from error


def _wait_s(text: str) -> float:
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise CallRefused(400, "wait: seconds", code="invalid_value", param="wait")
    return min(float(text), MOST_WAIT_S)


def _now() -> float:
    return asyncio.get_running_loop().time()
