"""The HTTP requests of the API, as a client without an SDK makes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from edgevoice.conformance.target import Target

SDP = "application/sdp"
MANY = "(every check begins a session: --pause 10, or raise relay.limits.starts_per_minute)"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str
    json: Any
    """None where it is no JSON."""

    @property
    def told(self) -> str:
        """In one line, with what the server said about it."""
        error = self.json.get("error") if isinstance(self.json, dict) else None
        message = error.get("message") if isinstance(error, dict) else ""
        hint = MANY if self.status == 429 else ""
        return " ".join(word for word in (f"status {self.status}", message, hint) if word)


async def post(
    target: Target, path: str, body: Any = None, token: str | None = None, **headers: str
) -> Answer:
    """`path` behind /v1. A dict is sent as JSON; text as an SDP offer."""
    return await request(target, "POST", path, body, token, headers)


async def request(
    target: Target,
    method: str,
    path: str,
    body: Any = None,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    shown = dict(target.bearer) if token is None else {"Authorization": f"Bearer {token}"}
    shown.update(headers or {})
    if isinstance(body, str):
        shown["Content-Type"] = SDP
    given = {"json": body} if isinstance(body, dict) else {"data": body}
    async with (
        aiohttp.ClientSession() as http,
        http.request(
            method, target.api + path, headers=shown, ssl=target.trust(), **given
        ) as response,
    ):
        is_json = response.content_type == "application/json"
        return Answer(
            response.status,
            response.headers,
            await response.text(),
            await response.json() if is_json else None,
        )


def parts(offer: str, session: dict[str, Any]) -> aiohttp.FormData:
    """What OpenAI calls the unified interface."""
    form = aiohttp.FormData()
    form.add_field("sdp", offer, content_type=SDP)
    form.add_field("session", json.dumps(session), content_type="application/json")
    return form
