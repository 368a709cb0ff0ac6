"""Being introduced to a relay; `identity/pairing_code.py` has the contract.

What the relay hands out on the first connection is believed by nobody yet: it goes into the
code, which a person carries from here to there.
"""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, TypeVar

import aiohttp
import msgspec
from msgspec import Meta
from yarl import URL

from edgevoice import __version__
from edgevoice.config_rules import is_loopback
from edgevoice.errors import LinkError, LinkRefused, LinkUntrusted
from edgevoice.identity.device_key import DeviceKey
from edgevoice.identity.pairing_code import authority_sha256, pairing_code, proof_message
from edgevoice.link.complaint import complaint
from edgevoice.link.credential import clock_of, origin
from edgevoice.link.signalling import bearer, trust
from edgevoice.link.troubles import wait_s

PATH = "/v1/edgevoice/pairings"
ANSWER_S = 10.0
BODY_LIMIT = 65_536
LIFE_S = 600.0
"""Of a pairing, where the relay does not say what time it is."""
LONGEST_S = 3_600.0
MOST_FAILURES = 5
"""Questions in a row that nobody answered, before one gives up."""


T = TypeVar("T")


class Begun(msgspec.Struct):
    pairing_id: str
    poll_secret: str
    nonce: Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
    expires_at: float
    poll_s: float = 2.0
    authority: str = ""


class Standing(msgspec.Struct):
    status: str
    device_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Introduction:
    """Waiting to be approved."""

    begun: Begun
    code: str
    origin: str
    lasts_s: float
    """By the relay's clock, for the board may have none."""


async def introduce(url: str, name: str, key: DeviceKey, ca_file: str = "") -> Introduction:
    """Ask to be paired, and compute the code from what this board sees of the relay.

    Raises LinkError, also where the relay's certificate is not of the authority it hands out.
    """
    relay = origin(url)
    is_plain = relay.startswith("http://")
    if is_plain and not is_loopback(URL(url).host or ""):
        raise LinkError(
            f"{relay} is not encrypted: use https:// (`edgevoice relay init` makes a certificate)"
        )
    first = trust(ca_file) if ca_file or is_plain else _anybody()
    async with _session(first, relay) as http:
        begun, lasts_s = await _begin(http, relay, name, key)
    authority = _digest(begun.authority)
    if not is_plain:
        async with _session(trusting(begun.authority, ca_file), relay) as http:
            await _see(http, relay)
    # From here on everything is known to come from whoever has the authority's key.
    code = await asyncio.to_thread(pairing_code, key.public.text, relay, authority, begun.nonce)
    return Introduction(begun, code, relay, lasts_s)


async def approval(
    introduced: Introduction,
    now: Callable[[], float],
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ca_file: str = "",
) -> Standing:
    """Wait for the owner. LinkError when it took too long, or the relay stays away."""
    begun, failures, until = introduced.begun, 0, now() + introduced.lasts_s
    context = trusting(begun.authority, ca_file)
    async with _session(context, introduced.origin) as http:
        while now() < until:
            await wait(max(1.0, min(begun.poll_s, 30.0)))
            try:
                standing = await _poll(http, introduced)
                failures = 0
            except LinkRefused as refusal:
                if refusal.status != 429:
                    raise
                await wait(refusal.retry_after_s or begun.poll_s)
                continue
            except LinkError:
                failures += 1
                if failures >= MOST_FAILURES:
                    raise
                continue
            if standing.status == "approved":
                return standing
    raise LinkError("nobody approved it in time; run `edgevoice pair` again")


def trusting(authority: str, ca_file: str) -> ssl.SSLContext:
    """That authority and no other; without one, what the system and the owner trust."""
    if not authority:
        return trust(ca_file)
    try:
        return ssl.create_default_context(cadata=authority)
    except ssl.SSLError as error:
        raise LinkError(
            f"the relay hands out no certificate authority ({error}): update it, and try again"
        ) from error


def _digest(authority: str) -> str:
    """Of what is going to be pinned, and of all of it."""
    try:
        return authority_sha256(authority)
    except ValueError as error:
        raise LinkError(
            f"the relay hands out no certificate authority ({error}): update it, and try again"
        ) from error


def _anybody() -> ssl.SSLContext:
    """Encrypted, to whom is not known yet."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@asynccontextmanager
async def _session(context: ssl.SSLContext, relay: str) -> AsyncIterator[aiohttp.ClientSession]:
    """What goes wrong within is told in the owner's terms."""
    try:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"edgevoice/{__version__}"},
            timeout=aiohttp.ClientTimeout(total=ANSWER_S),
            trust_env=False,
        ) as http:
            yield http
    except aiohttp.ClientConnectorCertificateError as error:
        reason = getattr(error.certificate_error, "verify_message", "") or "not trusted"
        raise LinkUntrusted(
            f"the certificate of {relay} is not of the authority it hands out ({reason}): somebody"
            " may be in between, or the address is none of those in the certificate"
            " (`edgevoice relay init --host NAME` at the relay adds one)"
        ) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        if isinstance(error, LinkError):
            raise
        told = str(error) or type(error).__name__
        raise LinkError(f"{relay} cannot be reached ({told}): is it running?") from error


async def _begin(
    http: aiohttp.ClientSession, relay: str, name: str, key: DeviceKey
) -> tuple[Begun, float]:
    """And how long it lasts."""
    proof = key.sign(proof_message(key.public.text, name, relay))
    asked = {
        "name": name,
        "public_key": key.public.text,
        "origin": relay,
        "proof": base64.b64encode(proof).decode(),
    }
    async with http.post(relay + PATH, json=asked, allow_redirects=False) as response:
        begun = decoded(await _body(response), Begun, relay)
        told_at = clock_of(response.headers.get("Date", ""))
        left_s = LIFE_S if told_at is None else begun.expires_at - told_at
        return begun, max(0.0, min(left_s, LONGEST_S))


async def _see(http: aiohttp.ClientSession, relay: str) -> None:
    async with http.get(relay + "/healthz", allow_redirects=False) as response:
        await response.content.read(BODY_LIMIT)


async def _poll(http: aiohttp.ClientSession, introduced: Introduction) -> Standing:
    begun, relay = introduced.begun, introduced.origin
    place = f"{relay}{PATH}/{begun.pairing_id}"
    try:
        async with http.get(
            place, headers=bearer(begun.poll_secret), allow_redirects=False
        ) as response:
            return decoded(await _body(response), Standing, relay)
    except (aiohttp.ClientConnectionError, TimeoutError) as error:
        raise LinkError(f"{relay} does not answer any more ({error}): try again") from error


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = await response.content.read(BODY_LIMIT)
    if response.status in (200, 201):
        return body
    said, code = complaint(body.decode(errors="replace"))
    raise LinkRefused(
        response.status,
        f"{response.url.authority} does not pair ({response.status}):"
        f" {said or 'no reason given; is relay.pairing on there?'}",
        wait_s(response),
        code=code,
    )


def decoded(body: bytes, kind: type[T], relay: str) -> T:
    """What a relay answers; LinkError where no relay answers like that."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (ValueError, RecursionError) as error:
        raise LinkError(
            f"{relay} answers as no edgevoice relay does: check the address ({error})"[:200]
        ) from None
