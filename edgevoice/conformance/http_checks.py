"""What is decided before a session begins: pages that may call, secrets, refusals."""

import time

from edgevoice.conformance import http
from edgevoice.conformance.expect import expect
from edgevoice.conformance.http import Answer
from edgevoice.conformance.socket_talk import socket_talk
from edgevoice.conformance.target import Target
from edgevoice.errors import CheckFailed

ORIGIN = "https://page.example"
NEEDED = ("authorization", "content-type", "x-openai-agents-sdk")
"""The headers OpenAI's SDKs send from a page."""
PATHS = ("/realtime/calls", "/realtime/client_secrets")


async def cors(target: Target) -> None:
    """Section 2.7.8: pages of any origin may call, and read Location and errors."""
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": ", ".join(NEEDED),
    }
    for path in PATHS:
        answer = await http.request(target, "OPTIONS", path, token="", headers=asked)
        expect(answer.status in (200, 204), f"200 or 204 to OPTIONS {path}", answer.told)
        _admitted(answer)
        allowed = answer.headers.get("Access-Control-Allow-Headers", "").lower()
        missing = [name for name in NEEDED if name not in allowed]
        expect(not missing, f"Access-Control-Allow-Headers with {missing}", allowed)
    answer = await http.post(target, PATHS[0], "v=0", "wrong", Origin=ORIGIN)
    _admitted(answer)
    exposed = answer.headers.get("Access-Control-Expose-Headers", "")
    expect("location" in exposed.lower(), "Access-Control-Expose-Headers: Location", exposed)


def _admitted(answer: Answer) -> None:
    origin = answer.headers.get("Access-Control-Allow-Origin")
    expect(origin in ("*", ORIGIN), "Access-Control-Allow-Origin", origin)


async def refusals(target: Target) -> None:
    """Section 2.7.8: a status, and an error object whose message SDKs show."""
    _refused(await http.post(target, PATHS[0], "this is no SDP"), 400)
    if not target.token:
        return  # it takes anybody
    _refused(await http.post(target, PATHS[0], "v=0", "sk-nobodys"), 401)
    _refused(await http.post(target, PATHS[1], {}, "sk-nobodys"), 401)
    try:
        async with socket_talk(target, headers={"Authorization": "Bearer sk-nobodys"}):
            raise CheckFailed("401 for a WebSocket with a wrong token", "101")
    except CheckFailed as failed:
        expect(failed.came == "status 401", "401 for a WebSocket with a wrong token", failed.came)


def _refused(answer: Answer, status: int) -> None:
    expect(answer.status == status, f"status {status}", answer.told)
    error = answer.json.get("error") if isinstance(answer.json, dict) else None
    is_told = isinstance(error, dict) and bool(error.get("message")) and "type" in error
    expect(is_told, '{"error": {"message", "type", ...}}', answer.text)


async def client_secret(target: Target) -> None:
    """Section 2.1: value, expires_at and the session it is bound to."""
    expires = {"anchor": "created_at", "seconds": 300}
    session = {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}
    body = {"session": session, "expires_after": expires}
    answer = await http.post(target, PATHS[1], body)
    expect(answer.status == 200, "200 with a secret", answer.told)
    value = str(answer.json["value"])
    expect(value.startswith("ek_"), "a value that begins with ek_", value[:3])
    lives_s = answer.json["expires_at"] - time.time()
    expect(abs(lives_s - 300) < 60, "expires_at 300 s from now", f"{lives_s:.0f} s")
    given = answer.json["session"]
    voice = given["audio"]["output"]["voice"]
    expect(given["type"] == "realtime" and voice == "cedar", "the session asked for", given)
    answer = await http.post(target, PATHS[1], {"expires_after": expires | {"seconds": 1}})
    _refused(answer, 400)


async def subprotocol(target: Target) -> None:
    """Section 2.1: browsers cannot send headers; the key comes as a subprotocol."""
    protocols = ["realtime", f"openai-insecure-api-key.{target.key}"]
    async with socket_talk(target, headers={}, protocols=protocols) as talk:
        await talk.wait("session.created")
        chosen = talk.socket.protocol
        expect(chosen == "realtime", "the subprotocol realtime chosen", chosen)
