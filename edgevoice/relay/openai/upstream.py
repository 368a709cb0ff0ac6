"""The server behind the relay: secrets, calls and sockets of it, by the key that stays here.

Everything that goes there goes through this file: one origin, no proxy from the
environment, no redirects. Neither the key nor a secret is ever logged, and no refusal
repeats what the server says of the key. Who may ask is `client_secrets.py`'s to judge.
"""

import hashlib
import logging
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec
from yarl import URL

from edgevoice import __version__
from edgevoice.config import UpstreamConfig
from edgevoice.errors import CredentialError
from edgevoice.realtime.session import SessionPatch
from edgevoice.relay.http.refusal import CallRefused

log = logging.getLogger(__name__)

ABSENT = "upstream_absent"
"""The server does not know what it was asked for."""
Socket = aiohttp.ClientWebSocketResponse
JSON = "application/json"

CREDENTIAL = "openai"
"""Its name among the service manager's credentials (LoadCredential=openai:...)."""
MOST_CHARS = 4_096
CONNECT_S = 3.0
GOODBYE_S = 1.0
ANSWER_S = 5.0
"""Less than the device's six, so that it learns what is wrong."""
BODY_LIMIT = 131_072
"""The session comes back with it: instructions and tools of 64 kB, escaped."""
EVENT_LIMIT = 4_194_304
"""Largest event taken from there. OpenAI sends a second of sound at most; others a whole answer."""


_CALL_ID = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)


class Minted(msgspec.Struct, frozen=True):
    """What the device gets, in OpenAI's shape. `value` is a secret: never log this."""

    value: str
    expires_at: int
    session: dict[str, Any]

    def __repr__(self) -> str:
        return f"Minted(expires_at={self.expires_at})"


@dataclass(frozen=True, slots=True)
class PlacedThere:
    """A call that the server has taken."""

    answer: str
    call_id: str
    """The server's own."""


def key_path(configured: str, credentials_directory: str | None) -> Path | None:
    """Where the key is: the service manager's copy where there is one; None: there is no key.

    The service manager's copy is an empty line where its own file does not exist.
    """
    if credentials_directory:
        credential = Path(credentials_directory) / CREDENTIAL
        if credential.is_file() and credential.read_bytes().strip():
            return credential
    return Path(configured) if configured else None


def make_upstream(config: UpstreamConfig) -> "Upstream | None":
    """None where no key is configured. CredentialError where it cannot be used."""
    path = key_path(config.key_file, os.environ.get("CREDENTIALS_DIRECTORY"))
    if path is None:
        return None
    read_key(path)  # what is wrong with it is found out now, not at the first call
    return Upstream(config, path)


def read_key(path: Path) -> str:
    """The key; CredentialError says what is wrong with the file and what to do."""
    try:
        key = path.read_text(encoding="ascii").strip()
    except UnicodeDecodeError:
        key = ""
    except OSError as trouble:
        raise CredentialError(
            f"the upstream's key at {path} cannot be read ({trouble.strerror}); it must be a file"
            " that the relay may read (relay.upstream.key_file)"
        ) from trouble
    if not key or len(key) > MOST_CHARS or not key.isprintable() or " " in key:
        raise CredentialError(
            f"{path} does not hold a key (one word on one line); write the upstream's API key"
            " into it (relay.upstream.key_file)"
        )
    return key


class Upstream:
    """Use with `async with`; one for as long as the relay runs."""

    def __init__(self, config: UpstreamConfig, key_file: Path) -> None:
        self._config = config
        self._key_file = key_file
        self._base = URL(config.url.rstrip("/"))
        self._stack = AsyncExitStack()
        self._http: aiohttp.ClientSession

    @property
    def name(self) -> str:
        """Host and port, for logs."""
        return self._base.authority

    async def __aenter__(self) -> Self:
        self._http = await self._stack.enter_async_context(
            aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[_no_redirects()],
                headers={"User-Agent": f"edgevoice/{__version__}"},
                timeout=aiohttp.ClientTimeout(total=ANSWER_S, sock_connect=CONNECT_S),
                trust_env=False,
            )
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def mint(self, token_name: str, asked: SessionPatch, seconds: int | None) -> Minted:
        """A secret for sessions of ours, whoever asked. CallRefused says why there is none."""
        seconds = min(seconds or self._config.secret_s, self._config.secret_s)
        request = {
            "expires_after": {"anchor": "created_at", "seconds": seconds},
            "session": self.session(asked),
        }
        async with self._posting("client_secrets", token_name, json=request) as response:
            body = await self._body(response)
            if response.status not in (200, 201):
                raise self._refusal(response, body, "mints no client secrets")
            return self._minted(body)

    async def call(self, token_name: str, offer: str, session: dict[str, Any]) -> PlacedThere:
        """Pass an offer on, with the session that we want it to be. CallRefused otherwise."""
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("sdp", offer, content_type="application/sdp")
        form.add_field("session", msgspec.json.encode(session).decode(), content_type=JSON)
        async with self._posting("calls", token_name, data=form) as response:
            body = await self._body(response)
            if response.status in (400, 413, 415, 422):  # it is the caller's fault
                said = f"{self.name} does not take this call: {self._said(body)}"
                raise CallRefused(400, said, code="invalid_offer")
            if response.status not in (200, 201):
                raise self._refusal(response, body, "takes no calls")
            return self._placed(response.headers.get("Location", ""), body)

    async def hang_up(self, call_id: str) -> None:
        """Best effort: the server ends it by itself a little later."""
        try:
            async with self._posting(f"calls/{call_id}/hangup", ""):
                pass
        except CallRefused as refusal:
            log.info("a call of the upstream was not hung up: %s", refusal.code)

    async def connect(self, query: dict[str, str], token_name: str) -> Socket:
        """A WebSocket to a new session, or beside one. CallRefused says why there is none."""
        try:
            return await self._http.ws_connect(
                (self._base / "v1/realtime").with_query(query),
                headers=self._headers(token_name),
                timeout=aiohttp.ClientWSTimeout(ws_close=GOODBYE_S),
                autoping=False,
                compress=0,
                max_msg_size=EVENT_LIMIT,
            )
        except aiohttp.WSServerHandshakeError as error:
            raise self._explained(error.status, error.headers, b"", "opens no sessions") from error
        except _PointsElsewhere as error:
            raise self._trouble("points elsewhere", "relay.upstream.url") from error
        except TimeoutError as error:
            raise self._late() from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._trouble("cannot be reached", type(error).__name__) from error

    @asynccontextmanager
    async def _posting(
        self, path: str, token_name: str, **body: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with self._http.post(
                self._base / "v1/realtime" / path,
                headers=self._headers(token_name),
                allow_redirects=False,
                **body,
            ) as response:
                yield response
        except TimeoutError as error:
            raise self._late() from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._trouble("cannot be reached", type(error).__name__) from error

    def _headers(self, token_name: str) -> dict[str, str]:
        authorized = {"Authorization": f"Bearer {self._key()}"}
        if not token_name:
            return authorized
        return authorized | {"OpenAI-Safety-Identifier": safety_identifier(token_name)}

    def _late(self) -> CallRefused:
        return CallRefused(504, f"{self.name} did not answer in time", code="upstream_timeout")

    def session(self, asked: SessionPatch) -> dict[str, Any]:
        """Ours first, then what the device asks for; the model is ours in any case."""
        ours: dict[str, Any] = {}
        if self._config.instructions:
            ours["instructions"] = self._config.instructions
        audio: dict[str, Any] = {}
        if self._config.voice:
            audio["output"] = {"voice": self._config.voice}
        if self._config.transcription_model:
            audio["input"] = {"transcription": {"model": self._config.transcription_model}}
        if audio:
            ours["audio"] = audio
        allowed = {key: value for key, value in asked.items() if key in ALLOWED}
        return {**_over(ours, allowed), "type": "realtime", "model": self._config.model}

    def _key(self) -> str:
        """Read anew each time, so that a new key needs no restart."""
        try:
            return read_key(self._key_file)
        except CredentialError as error:
            log.error("the upstream is of no use: %s", error)
            raise CallRefused(
                503, "the relay cannot read the upstream's key: its log says more", code="no_key"
            ) from error

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        body = b""
        async for chunk in response.content.iter_chunked(8192):
            body += chunk
            if len(body) > BODY_LIMIT:
                raise self._trouble("answers with too much", f"more than {BODY_LIMIT} bytes")
        return body

    def _minted(self, body: bytes) -> Minted:
        try:
            minted = msgspec.json.decode(body, type=Minted)
        except (ValueError, RecursionError):
            raise self._trouble("mints no client secrets", "its answer is none") from None
        if not minted.value.isascii() or not minted.value.isprintable() or " " in minted.value:
            raise self._trouble("mints no client secrets", "its secret is no single word")
        return minted

    def _placed(self, location: str, body: bytes) -> PlacedThere:
        call_id = location.rpartition("/")[2]
        try:
            answer = body.decode()
        except UnicodeDecodeError:
            answer = ""
        if not _CALL_ID.fullmatch(call_id) or not answer.startswith("v=0"):
            raise self._trouble("takes no calls", "its answer is none")
        return PlacedThere(answer, call_id)

    def _refusal(self, response: aiohttp.ClientResponse, body: bytes, lacks: str) -> CallRefused:
        return self._explained(response.status, response.headers, body, lacks)

    def _explained(
        self, status: int, headers: Mapping[str, str] | None, body: bytes, lacks: str
    ) -> CallRefused:
        """Whose fault it is: 401 is the relay's key, not the device's token."""
        match status:
            case 401 | 403:
                return self._trouble(
                    "does not accept the relay's key", f"{status}: relay.upstream.key_file"
                )
            case 429:
                wait = (headers or {}).get("Retry-After", "")
                return CallRefused(
                    429,
                    f"{self.name} wants fewer calls, or money: {self._said(body)}",
                    code="rate_limit_exceeded",
                    retry_after_s=float(wait) if wait.isascii() and wait.isdecimal() else 30.0,
                )
            case 404 | 405:
                return self._trouble(lacks, f"{status}: relay.upstream.url", ABSENT)
            case _ if 300 <= status < 400:
                return self._trouble("points elsewhere", f"{status}: relay.upstream.url")
            case _:
                return self._trouble("refused", f"{status}: {self._said(body)}")

    def _trouble(self, what: str, detail: str, code: str = "upstream_refused") -> CallRefused:
        log.warning("upstream %s %s (%s)", self.name, what, detail)
        return CallRefused(502, f"{self.name} {what} ({detail})", code=code)

    def _said(self, body: bytes) -> str:
        """`error.message`, on one line, without anything that might be a part of the key."""
        try:
            said = msgspec.json.decode(body, type=_Refusal).error.message
        except (ValueError, RecursionError):
            return "no reason given"
        return without_account(said)[:200] or "no reason given"


ALLOWED = (
    "instructions",
    "audio",
    "tools",
    "tool_choice",
    "output_modalities",
    "max_output_tokens",
    "parallel_tool_calls",
    "truncation",
)
"""What a device may ask for in advance. Not what acts in the key's account (prompt, tracing)."""


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Both, object by object; where they differ, `above`."""
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            value = _over(known, value)
        merged[key] = value
    return merged


def safety_identifier(token_name: str) -> str:
    """Tells the upstream its users apart without naming them; the same for ever."""
    return hashlib.sha256(b"edgevoice token " + token_name.encode()).hexdigest()[:32]


def without_account(said: str) -> str:
    """On one line, without anything that might be part of a key or name the account."""
    return " ".join("…" if _is_secret(word) else word for word in said.split())


def _is_secret(word: str) -> bool:
    return any(mark in word for mark in ("sk-", "ek_", "Bearer", "*", "org-", "proj_"))


class _PointsElsewhere(aiohttp.ClientError):
    """A redirect."""


def _no_redirects() -> aiohttp.TraceConfig:
    """Not for WebSockets either, for which aiohttp has no switch: the key is for one origin."""

    async def refuse(*_: object) -> None:
        raise _PointsElsewhere

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(refuse)
    return trace


class _Complaint(msgspec.Struct):
    message: str = ""


class _Refusal(msgspec.Struct):
    error: _Complaint
