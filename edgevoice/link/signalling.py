"""HTTP to the relay: post an offer, hang up, get a secret, keep the connection warm.

Every refusal becomes a LinkError whose sentence tells the owner what to do. No
redirect is followed, no proxy from the environment is used, and the token goes
to the configured origin only.
"""

import ipaddress
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Annotated, Self

import aiohttp
import msgspec
from msgspec import Meta
from yarl import URL

from edgevoice import __version__
from edgevoice.config import LinkConfig
from edgevoice.errors import LinkError, LinkRefused, LinkTimeout

VERSION_HEADER = "Edgevoice-Version"
WAKE_HEADER = "Edgevoice-Wake"
SDP = "application/sdp"
JSON = "application/json"

CONNECT_S = 3.0
ANSWER_S = 6.0
GOODBYE_S = 1.5
KEEP_ALIVE_S = 70.0
"""aiohttp's server closes idle connections after 75 s."""
BODY_LIMIT = 65_536

Said = tuple[int, str, Mapping[str, str]]
"""An answer that is no refusal: status, body, headers."""


@dataclass(frozen=True, slots=True)
class Answer:
    sdp: str
    location: URL | None
    """Where to hang up; None when the server names no place of its own."""
    extensions: bool
    """The other end is an edgevoice relay."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Opens a session at the server that it is for, and does so for a minute or less."""

    value: str = field(repr=False)


class Signalling:
    """Use with `async with`; one per link, for as long as the program runs."""

    def __init__(self, config: LinkConfig, token: str, *, setting: str = "link.url") -> None:
        """`setting`: where the owner mends what is wrong with the address."""
        self._config = config
        self._token = token
        self._setting = setting
        self._base = URL(config.url.rstrip("/"))
        self._calls = self._base / "v1/realtime/calls"
        self._secrets = self._base / "v1/realtime/client_secrets"
        self._stack = AsyncExitStack()
        self._http: aiohttp.ClientSession

    @property
    def relay(self) -> str:
        """The relay's name for logs: host and port."""
        return self._base.authority

    async def __aenter__(self) -> Self:
        self._http = await self._stack.enter_async_context(self._session())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=trust(self._config.ca_file), keepalive_timeout=KEEP_ALIVE_S, limit=4
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"edgevoice/{__version__}"},
            timeout=aiohttp.ClientTimeout(total=ANSWER_S, sock_connect=CONNECT_S),
            trust_env=False,
        )

    async def call(self, offer: str, headers: dict[str, str]) -> Answer:
        """Post the offer. Raises LinkError, LinkRefused or LinkTimeout."""
        query = {"model": self._config.model} if self._config.model else {}
        ours = {VERSION_HEADER: __version__}
        return await self._place(self._calls.with_query(query), offer, ours | headers)

    async def call_with(self, secret: Secret, offer: str) -> Answer:
        """The same at a foreign server, which is told nothing but the secret and the offer."""
        headers = {"Authorization": f"Bearer {secret.value}"}
        return replace(await self._place(self._calls, offer, headers), extensions=False)

    async def secret(self) -> Secret:
        """Have one minted for the server behind the relay. Raises as `call` does."""
        headers = {"Content-Type": JSON, "Accept": JSON}
        status, said, _ = await self._ask(self._secrets, b"{}", headers)
        try:
            return Secret(msgspec.json.decode(said, type=_Minted).value)
        except (ValueError, RecursionError) as error:
            raise LinkError(
                f"{self.relay} answers with something else than a client secret ({status}):"
                f" check {self._setting}"
            ) from error

    async def hang_up(self, location: URL, secret: Secret | None = None) -> None:
        """Best effort; the relay finds out by itself a little later."""
        headers = self._authorization()
        if secret is not None:
            headers = {"Authorization": f"Bearer {secret.value}"}
        timeout = aiohttp.ClientTimeout(total=GOODBYE_S)
        try:
            async with self._http.post(
                location / "hangup",
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ):
                pass
        except (aiohttp.ClientError, TimeoutError, OSError):
            return

    async def warm(self) -> None:
        """Have the TCP and TLS handshakes done before anybody speaks. Raises LinkError."""
        self._refuse_plain_http()
        try:
            async with self._http.get(self._base / "healthz", allow_redirects=False) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._explain(error) from error

    async def _place(self, url: URL, offer: str, headers: dict[str, str]) -> Answer:
        media = {"Content-Type": SDP, "Accept": SDP}
        _, sdp, response = await self._ask(url, offer.encode(), media | headers)
        return Answer(sdp, self._location(response), VERSION_HEADER in response)

    async def _ask(self, url: URL, body: bytes, headers: dict[str, str]) -> Said:
        self._refuse_plain_http()
        try:
            return await self._post(url, body, headers)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            # The kept connection had been closed at the other end; once more on a new one.
            return await self._post(url, body, headers)

    async def _post(self, url: URL, data: bytes, headers: dict[str, str]) -> Said:
        try:
            async with self._http.post(
                url, data=data, headers=self._authorization() | headers, allow_redirects=False
            ) as response:
                body = await self._body(response)
                if response.status not in (200, 201):
                    raise self._refusal(response, body)
                return response.status, body, response.headers
        except (aiohttp.ServerDisconnectedError, ConnectionResetError, LinkError):
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._explain(error) from error

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    async def _body(self, response: aiohttp.ClientResponse) -> str:
        body = b""
        async for chunk in response.content.iter_chunked(4096):
            body += chunk
            if len(body) > BODY_LIMIT:
                raise LinkError(f"{self.relay} answers with more than {BODY_LIMIT} bytes")
        return body.decode(errors="replace")

    def _location(self, headers: Mapping[str, str]) -> URL | None:
        """The call's own URL, if it is at the origin we trust with the token."""
        named = headers.get("Location")
        if not named:
            return None
        location = self._calls.join(URL(named))
        return location if location.origin() == self._calls.origin() else None

    def _refuse_plain_http(self) -> None:
        if self._base.scheme == "https" or is_loopback(self._base.host or ""):
            return
        raise LinkError(
            f"{self._setting} {self._base} is not encrypted: the token and the conversation could"
            " be read on the way. Use https:// (link.ca_file trusts a private authority)"
        )

    def _refusal(self, response: aiohttp.ClientResponse, body: str) -> LinkRefused:
        status, said = response.status, complaint(body)
        match status:
            case 401 | 403 if not self._token:
                text = f"{self.relay} does not accept our secret ({status})"
            case 401 | 403:
                text = (
                    f"{self.relay} does not accept our token ({status}): put a valid one into"
                    f" {self._config.token_file} (`edgevoice relay token NAME` makes one)"
                )
            case 429:
                wait = response.headers.get("Retry-After", "")[:20]
                text = f"{self.relay} wants fewer calls (429): try again" + (
                    f" in {wait} s" if wait else " later"
                )
            case 404 | 405:
                text = (
                    f"{self.relay} takes no calls at {response.url.path} ({status}):"
                    f" check {self._setting}"
                )
            case _ if 300 <= status < 400:
                elsewhere = response.headers.get("Location", "elsewhere")[:200]
                text = f"{self.relay} points to {elsewhere} ({status}): set {self._setting} to that"
            case _ if status >= 500:
                text = f"{self.relay} is in trouble ({status}): its log says more"
            case _:
                text = f"{self.relay} refused the call ({status})"
        return LinkRefused(status, f"{text}. It says: {said}" if said else text)

    def _explain(self, error: BaseException) -> LinkError:
        match error:
            case aiohttp.ClientConnectorCertificateError():
                reason = getattr(error.certificate_error, "verify_message", "not trusted")
                return LinkError(
                    f"the certificate of {self.relay} is no good: {reason}. A private authority"
                    " goes into link.ca_file; also check this board's clock"
                )
            case aiohttp.ClientConnectorDNSError():
                return LinkError(
                    f"{self._base.host} is not known to the name server: check {self._setting}"
                )
            case TimeoutError():
                return LinkTimeout(f"{self.relay} did not answer in time: is it reachable?")
            case aiohttp.ClientSSLError():
                return LinkError(
                    f"no TLS with {self.relay}: is {self._setting}'s port the right one?"
                )
            case aiohttp.ClientConnectorError():
                return LinkError(f"nobody answers at {self.relay}: is the relay running?")
        return LinkError(f"talking to {self.relay} failed: {error!r}"[:300])


def trust(ca_file: str) -> ssl.SSLContext:
    """The system's authorities, and the owner's own."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(Path(ca_file))
        except (OSError, ssl.SSLError) as error:
            raise LinkError(f"link.ca_file {ca_file} cannot be used: {error}") from error
    return context


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Minted(msgspec.Struct):
    value: Annotated[str, Meta(pattern=r"^[\x21-\x7e]{1,4096}$")]


class _Complaint(msgspec.Struct):
    message: str = ""


class _Refusal(msgspec.Struct):
    error: _Complaint


def complaint(body: str) -> str:
    """`error.message` of an OpenAI-style error body, one line of it."""
    try:
        said = msgspec.json.decode(body.encode(), type=_Refusal).error.message
    except (ValueError, RecursionError):
        return ""
    return " ".join(said.split())[:200]
