"""HTTP to the relay: place a call, hang up, get a secret, keep the connection warm.

Every refusal becomes a LinkError (`troubles.py`). No redirect is followed, no proxy from
the environment is used, and the token goes to the configured origin only.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Annotated, Self, TypeVar

import aiohttp
import msgspec
from msgspec import Meta
from yarl import URL

from edgevoice import __version__
from edgevoice.config import LinkConfig
from edgevoice.errors import LinkError, LinkRefused
from edgevoice.link import announced
from edgevoice.link.credential import Credential
from edgevoice.link.names import Names
from edgevoice.link.troubles import Troubles
from edgevoice.webrtc.media_header import MEDIA_HEADER, PROTOCOL
from edgevoice.webrtc.sdp import MAX_MESSAGE_BYTES
from edgevoice.webrtc.socket_line import GOODBYE_S as SOCKET_GOODBYE_S

VERSION_HEADER = "Edgevoice-Version"
WAKE_HEADER = "Edgevoice-Wake"
RESUME_HEADER = "Edgevoice-Resume"
RESUMED_HEADER = "Edgevoice-Resumed"
STANDBY_HEADER = "Edgevoice-Standby"
DIRECT_HEADER = "Edgevoice-Direct"
"""The relay would mint a secret of its own without it."""
SDP = "application/sdp"
JSON = "application/json"

ME, PROBE = "v1/edgevoice/me", "v1/edgevoice/probe"
"""At a relay of ours: whom it takes us for, and a connection without a session."""

CONNECT_S, ANSWER_S = 2.0, 4.0
"""Both together with the answer, which takes a relay some milliseconds."""
GOODBYE_S = 1.5
KEEP_ALIVE_S = 70.0
"""aiohttp's server closes idle connections after 75 s."""
BODY_LIMIT = 65_536
CONNECTIONS = 8
"""A WebSocket keeps one for as long as it lasts, and one that broke may not be gone yet."""

OURS = {VERSION_HEADER: __version__}

CLOCK_SKEW = "clock_skew"
"""The relay's code for a token that was made too long ago, or has not been made yet."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    """SDP, or what Edgevoice-Media says where a WebSocket carries the call."""
    location: URL | None
    """Where to hang up; None when the server names no place of its own."""
    extensions: bool
    """The other end is an edgevoice relay."""
    resumed: bool = False
    """The session that was asked for goes on."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A call that is carried by a WebSocket; whoever has it must close it."""

    socket: aiohttp.ClientWebSocketResponse
    answer: Answer


@dataclass(frozen=True, slots=True)
class Looked:
    text: str
    date: str
    """By the clock over there."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Opens a session at the server that it is for, and does so for a minute or less."""

    value: str = field(repr=False)


class Signalling:
    """Use with `async with`; one per link, for as long as the program runs."""

    def __init__(
        self, config: LinkConfig, credential: Credential, *, setting: str = "link.url"
    ) -> None:
        """`setting`: where the owner mends what is wrong with the address."""
        self._config = config
        self._credential = credential
        self._setting = setting
        self._base = URL(config.url.rstrip("/"))
        self._troubles = Troubles(config, credential, setting, self._base)
        self._calls = self._base / "v1/realtime/calls"
        self._secrets = self._base / "v1/realtime/client_secrets"
        self.rtt_s: float | None = None
        """To the relay and back, as last measured; None: not yet."""
        self._warmed_at: float | None = None
        self._names = Names()
        self._stale: aiohttp.ClientSession | None = None
        """The one before: a WebSocket of it may still carry the session."""
        self._http: aiohttp.ClientSession

    @property
    def relay(self) -> str:
        """The relay's name for logs: host and port."""
        return self._troubles.relay

    @property
    def url(self) -> str:
        """Where what is sent goes."""
        return self._config.url

    async def __aenter__(self) -> Self:
        self._http = self._session()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for session in (self._http, self._stale):
            if session is not None:
                await session.close()

    def _session(self) -> aiohttp.ClientSession:
        tracing = aiohttp.TraceConfig()
        tracing.on_request_redirect.append(self._refuse_redirect)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=trust(self._config.ca_file),
                keepalive_timeout=KEEP_ALIVE_S,
                limit=CONNECTIONS,
                resolver=self._names,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"edgevoice/{__version__}"},
            timeout=aiohttp.ClientTimeout(total=ANSWER_S, sock_connect=CONNECT_S),
            trust_env=False,
            # `ws_connect` has no arguments for these two: it follows redirects, and when it is
            # refused it does not read why.
            trace_configs=[tracing],
            raise_for_status=self._refuse,
        )

    async def renew(self) -> None:
        """Forget the kept connection: the way it went may be dead, and TCP would find out late."""
        stale, self._stale = self._stale, self._http
        self._http = self._session()
        self._warmed_at = None
        if stale is not None:
            await stale.close()

    async def call(self, offer: str, headers: dict[str, str]) -> Answer:
        """Post the offer. Raises LinkError, LinkRefused or LinkTimeout."""
        return await self._offer(self._calls.with_query(self._query()), offer, OURS | headers)

    async def call_with(self, secret: Secret, offer: str) -> Answer:
        """The same at a foreign server, which is told nothing but the secret and the offer."""
        answer = await self._offer(self._calls, offer, bearer(secret.value))
        return replace(answer, extensions=False, resumed=False)

    async def secret(self) -> Secret:
        """Have one minted for the server behind the relay. Raises as `call` does."""
        headers = {"Content-Type": JSON, DIRECT_HEADER: "1"}
        response, said = await self._ask(self._secrets, b"{}", headers)
        try:
            return Secret(msgspec.json.decode(said, type=_Minted).value)
        except (ValueError, RecursionError) as error:
            raise LinkError(
                f"{self.relay} answers with something else than a client secret"
                f" ({response.status}): check {self._setting}"
            ) from error

    async def upgrade(self, headers: dict[str, str]) -> Upgraded:
        """Place a call over a WebSocket. Raises LinkError, LinkRefused or LinkTimeout."""
        self._troubles.refuse_plain_http()
        return await self._corrected(lambda: self._upgrade(headers))

    async def _upgrade(self, headers: dict[str, str]) -> Upgraded:
        place = self._base / "v1/realtime"
        try:
            socket = await self._http.ws_connect(
                place.with_query(self._query()),
                protocols=(PROTOCOL,),
                headers=self._shown("GET", place) | OURS | headers,
                timeout=aiohttp.ClientWSTimeout(ws_close=SOCKET_GOODBYE_S),
                autoping=False,
                autoclose=False,
                compress=0,
                max_msg_size=MAX_MESSAGE_BYTES,
            )
        except LinkError:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._troubles.explain(error) from error
        if socket.protocol != PROTOCOL:
            await socket.close()
            raise self._troubles.no_calls_by_socket()
        response = socket._response  # aiohttp shows its headers nowhere else
        return Upgraded(socket, self._answer(response, response.headers.get(MEDIA_HEADER, "")))

    async def look_up(self, path: str) -> Looked:
        """What is there for us, such as `v1/models`. Raises as `call` does."""
        self._troubles.refuse_plain_http()
        return await self._corrected(lambda: self._get(self._base / path))

    async def probe(self, offer: str) -> Answer:
        """Have a connection without a session, of a relay of ours. Raises as `call` does."""
        return await self._offer(self._base / PROBE, offer, OURS)

    async def _get(self, url: URL) -> Looked:
        try:
            async with self._http.get(
                url, headers=self._shown("GET", url) | OURS, allow_redirects=False
            ) as response:
                return Looked(await self._body(response), response.headers.get("Date", ""))
        except LinkError:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._troubles.explain(error) from error

    async def hang_up(self, location: URL, secret: Secret | None = None) -> None:
        """Best effort; the relay finds out by itself a little later."""
        timeout, place = aiohttp.ClientTimeout(total=GOODBYE_S), location / "hangup"
        try:
            async with self._http.post(
                place,
                headers=bearer(secret.value) if secret else self._shown("POST", place),
                timeout=timeout,
                allow_redirects=False,
                raise_for_status=False,
            ):
                pass
        except (aiohttp.ClientError, TimeoutError, OSError):
            return

    async def speech(self, text: str) -> bytes:
        """The text in the relay's voice: 24 kHz, 16 bit, mono. Raises as `call` does."""
        place, body = self._base / announced.SPEECH_PATH, announced.speech_body(text)
        return await self._fetch("POST", place, body, announced.SPEECH_S)

    async def announcements(self, wait_s: float) -> list[announced.Announced]:
        """What is to be said here, at once or within this time; each once. Raises as `call`."""
        place = (self._base / announced.PATH).with_query(wait=str(round(wait_s)))
        return announced.read(await self._fetch("GET", place, b"", wait_s + ANSWER_S))

    async def forget(self) -> int:
        """Have the relay forget what was said; how many conversations. Raises as `call` does."""
        said = await self._fetch("DELETE", self._base / "v1/edgevoice/conversations", b"", ANSWER_S)
        try:
            return msgspec.json.decode(said, type=_Forgotten).conversations
        except (ValueError, RecursionError) as error:
            raise LinkError(
                f"{self.relay} does not say what it has forgotten: try again"
            ) from error

    async def _fetch(self, method: str, place: URL, body: bytes, within_s: float) -> bytes:
        self._troubles.refuse_plain_http()
        if not hasattr(self, "_http"):
            raise LinkError(f"{self.relay} is not being looked for yet: wait a moment")

        async def ask() -> bytes:
            headers = self._shown(method, place, body) | OURS | {"Content-Type": JSON}
            timeout = aiohttp.ClientTimeout(total=within_s, sock_connect=CONNECT_S)
            async with self._http.request(
                method, place, data=body or None, headers=headers, timeout=timeout
            ) as response:
                return await self._limited(response, announced.SPEECH_BYTES)

        try:
            return await self._corrected(ask)
        except LinkError:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._troubles.explain(error) from error

    async def warm(self) -> None:
        """Have the TCP and TLS handshakes done before anybody speaks. Raises LinkError.

        Measures the round trip, on a connection that is there already.
        """
        self._troubles.refuse_plain_http()
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with self._http.get(
                self._base / "healthz", allow_redirects=False, raise_for_status=False
            ) as response:
                await response.read()
            if self._warmed_at is not None and began - self._warmed_at < KEEP_ALIVE_S:
                self.rtt_s = loop.time() - began
            self._warmed_at = loop.time()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._troubles.explain(error) from error

    async def _offer(self, url: URL, offer: str, headers: dict[str, str]) -> Answer:
        media = {"Content-Type": SDP, "Accept": SDP}
        response, sdp = await self._ask(url, offer.encode(), media | headers)
        return self._answer(response, sdp)

    async def _ask(
        self, url: URL, body: bytes, headers: dict[str, str]
    ) -> tuple[aiohttp.ClientResponse, str]:
        self._troubles.refuse_plain_http()
        try:
            return await self._corrected(lambda: self._post(url, body, headers))
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            # The kept connection had been closed at the other end; once more on a new one.
            return await self._corrected(lambda: self._post(url, body, headers))

    async def _corrected(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Once more by the relay's clock, when it says that ours is wrong."""
        try:
            answered = await ask()
        except LinkRefused as refusal:
            if refusal.code != CLOCK_SKEW or not self._credential.correct(refusal.date):
                raise
            answered = await ask()
        self._credential.believed()
        return answered

    def _shown(self, method: str, url: URL, body: bytes = b"") -> dict[str, str]:
        """Who calls; for one request."""
        return self._credential.headers(f"{method} {url.raw_path}", body)

    async def _post(
        self, url: URL, data: bytes, headers: dict[str, str]
    ) -> tuple[aiohttp.ClientResponse, str]:
        try:
            async with self._http.post(
                url,
                data=data,
                headers=self._shown("POST", url, data) | headers,
                allow_redirects=False,
            ) as response:
                return response, await self._body(response)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError, LinkError):
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._troubles.explain(error) from error

    def _query(self) -> dict[str, str]:
        return {"model": self._config.model} if self._config.model else {}

    def _answer(self, response: aiohttp.ClientResponse, text: str) -> Answer:
        return Answer(
            text,
            self._place(response),
            VERSION_HEADER in response.headers,
            RESUMED_HEADER in response.headers,
        )

    async def _body(self, response: aiohttp.ClientResponse) -> str:
        return (await self._limited(response, BODY_LIMIT)).decode(errors="replace")

    async def _limited(self, response: aiohttp.ClientResponse, limit: int) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_chunked(4096):
            body += chunk
            if len(body) > limit:
                raise LinkError(
                    f"{self.relay} answers with more than {limit} bytes: check {self._setting}"
                )
        return bytes(body)

    def _place(self, response: aiohttp.ClientResponse) -> URL | None:
        """The call's own URL, if it is at the origin we trust with the token."""
        named = response.headers.get("Location")
        if not named:
            return None
        location = self._calls.join(URL(named))
        return location if location.origin() == self._calls.origin() else None

    async def _refuse(self, response: aiohttp.ClientResponse) -> None:
        """Called by aiohttp with what was answered, whatever it is."""
        if response.status not in (101, 200, 201):
            raise self._troubles.refusal(response, await self._body(response))

    async def _refuse_redirect(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        redirect: aiohttp.TraceRequestRedirectParams,
    ) -> None:
        """Called by aiohttp before it follows one."""
        raise self._troubles.refusal(redirect.response, "")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def trust(ca_file: str) -> ssl.SSLContext:
    """The system's authorities, and the owner's own."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(Path(ca_file))
        except (OSError, ssl.SSLError) as error:
            raise LinkError(
                f"link.ca_file {ca_file} cannot be used ({error}): `edgevoice pair` writes another"
            ) from error
    return context


class _Forgotten(msgspec.Struct):
    conversations: int


class _Minted(msgspec.Struct):
    value: Annotated[str, Meta(pattern=r"^[\x21-\x7e]{1,4096}$")]
