"""One OpenAI-compatible speech server: a connection kept, requests sent, errors in plain words."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from edgevoice.config import SttConfig, TtsConfig
from edgevoice.errors import CredentialError, EngineError
from edgevoice.relay.engines.local.whole_letters import whole

MAX_REASON = 2_000
"""Bytes of a refusal that are read."""


class HttpServer:
    """`open` before use, `close` after; used from one event loop."""

    def __init__(self, config: SttConfig | TtsConfig, setting: str) -> None:
        self._config = config
        self._setting = setting
        """Where its configuration is, such as relay.local.stt."""
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Raises CredentialError when the key cannot be read."""
        headers = {}
        if self._config.key_file:
            key = read_key(self._config.key_file, f"{self._setting}.key_file")
            headers["Authorization"] = f"Bearer {key}"
        timeout = aiohttp.ClientTimeout(total=None, connect=self._config.connect_s)
        self._session = aiohttp.ClientSession(headers=headers, timeout=timeout, trust_env=False)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def post(self, path: str, **body: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a request. Leaving it early closes the connection, and the server's work.

        Raises EngineError, also for what goes wrong while the answer is read.
        """
        assert self._session is not None, "open() comes first"
        url = self._config.url.rstrip("/") + path
        response: aiohttp.ClientResponse | None = None
        try:
            async with asyncio.timeout(self._config.answer_s):
                response = await self._session.post(url, allow_redirects=False, **body)
                await self._refuse_errors(response)
            yield response
        except aiohttp.ConnectionTimeoutError:
            raise EngineError(f"{self._setting}.url: nobody answers at {url}") from None
        except TimeoutError:
            raise EngineError(
                f"{self._setting}: {url} does not answer in time; is the model loaded? "
                f"{self._setting}.answer_s sets the patience"
            ) from None
        except aiohttp.ClientError as error:
            reason = str(error) or type(error).__name__
            raise EngineError(f"{self._setting}: {url} cannot be used: {reason}") from None
        finally:
            if response is not None:
                response.close()

    async def read(self, response: aiohttp.ClientResponse) -> bytes:
        """The next bytes; empty at the end. TimeoutError when they do not come in time."""
        async with asyncio.timeout(self._config.answer_s):
            return await response.content.readany()

    async def _refuse_errors(self, response: aiohttp.ClientResponse) -> None:
        if response.status == 200:
            return
        reason = reason_in(await response.content.read(MAX_REASON))
        hint = {
            401: f"; {self._setting}.key_file holds its key",
            404: f"; is /v1 missing in {self._setting}.url, or the model unknown there?",
        }.get(response.status, "")
        raise EngineError(
            f"the server of {self._setting} refused ({response.status}: {reason}){hint}"
        )


def reason_in(body: bytes) -> str:
    """What an error's body says, in one line."""
    text = body.decode("utf-8", "replace")
    try:
        error = json.loads(text).get("error")
    except (ValueError, RecursionError, AttributeError):
        error = None
    if isinstance(error, dict):
        error = error.get("message")
    return whole(" ".join(str(error or text or "no reason given").split())[:200])


def read_key(path: str, setting: str) -> str:
    """Raises CredentialError when the file that `setting` names holds no usable key."""
    try:
        key = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialError(
            f"{setting} {path} cannot be read ({error}): write the key there anew"
        ) from None
    if not key or not key.isascii() or not key.isprintable():
        raise CredentialError(f"{setting} {path} holds no key: write it there")
    return key
