"""Trouble on the way to a relay, as LinkErrors whose sentences tell the owner what to do."""

from dataclasses import dataclass

import aiohttp
from yarl import URL

from edgevoice.config import LinkConfig
from edgevoice.config_rules import is_loopback
from edgevoice.errors import LinkError, LinkRefused, LinkTimeout, LinkUntrusted
from edgevoice.link.complaint import complaint
from edgevoice.link.credential import Credential
from edgevoice.webrtc.media_header import PROTOCOL


@dataclass(frozen=True, slots=True)
class Troubles:
    config: LinkConfig
    credential: Credential
    setting: str
    """Where the owner mends what is wrong with the address."""
    base: URL

    @property
    def relay(self) -> str:
        """Its name: host and port."""
        return self.base.authority

    def refuse_plain_http(self) -> None:
        if self.base.scheme == "https" or is_loopback(self.base.host or ""):
            return
        raise LinkError(
            f"{self.setting} {self.base} is not encrypted: the token and the conversation could"
            " be read on the way. Use https:// (link.ca_file trusts a private authority)"
        )

    def refusal(self, response: aiohttp.ClientResponse, body: str) -> LinkRefused:
        status, (said, code) = response.status, complaint(body)
        match status:
            case 401 | 403 if self.credential.is_empty:
                text = f"{self.relay} does not accept our secret ({status}): try again"
            case 401 | 403:
                remedy = self.credential.remedy(self.config)
                text = f"{self.relay} does not accept our token ({status}): {remedy}"
            case 429:
                wait = wait_s(response)
                text = f"{self.relay} wants fewer calls (429): try again" + (
                    " later" if wait is None else f" in {wait:.0f} s"
                )
            case 404 | 405:
                text = (
                    f"{self.relay} takes no calls at {response.url.path} ({status}):"
                    f" check {self.setting}"
                )
            case _ if 300 <= status < 400:
                elsewhere = response.headers.get("Location", "elsewhere")[:200]
                text = f"{self.relay} points to {elsewhere} ({status}): set {self.setting} to that"
            case _ if status >= 500:
                text = f"{self.relay} is in trouble ({status}): see its log"
            case _:
                text = f"{self.relay} refused the call ({status}): see its log"
        return LinkRefused(
            status,
            f"{text}. It says: {said}" if said else text,
            wait_s(response),
            code=code,
            date=response.headers.get("Date", ""),
        )

    def explain(self, error: BaseException) -> LinkError:
        match error:
            case aiohttp.WSServerHandshakeError():
                return self.no_calls_by_socket()
            case aiohttp.ClientConnectorCertificateError():
                reason = getattr(error.certificate_error, "verify_message", "not trusted")
                return LinkUntrusted(
                    f"the certificate of {self.relay} is no good: {reason}. Put a private"
                    " authority into link.ca_file; also check this board's clock"
                )
            case aiohttp.ClientConnectorDNSError():
                return LinkError(
                    f"{self.base.host} cannot be looked up ({error.os_error.strerror}):"
                    f" check {self.setting} and the name server of this network"
                )
            case TimeoutError():
                return LinkTimeout(f"{self.relay} did not answer in time: is it reachable?")
            case aiohttp.ClientSSLError():
                return LinkError(f"no TLS with {self.relay}: check the port in {self.setting}")
            case aiohttp.ClientConnectorError():
                return LinkError(f"nobody answers at {self.relay}: is the relay running?")
        return LinkError(f"talking to {self.relay} failed ({error!r}"[:280] + "): try again")

    def no_calls_by_socket(self) -> LinkError:
        return LinkError(
            f"{self.relay} carries no calls over a WebSocket ({PROTOCOL}): is it an edgevoice"
            " relay, and does the proxy in front of it let WebSockets through?"
        )


def wait_s(response: aiohttp.ClientResponse) -> float | None:
    """`Retry-After` in seconds; None where there is none, or a date (our clock may be wrong)."""
    said = response.headers.get("Retry-After", "").strip()
    return float(said) if said.isascii() and said.isdigit() and len(said) < 7 else None
