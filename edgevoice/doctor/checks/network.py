"""The way to each relay, step by step: name, TCP, certificate, HTTP, who we are, media.

A step that fails ends the way; the line before it says how far one gets. Nothing here begins
a session, wakes an engine or is counted.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import msgspec
from yarl import URL

from edgevoice import __version__
from edgevoice.config import Config, LinkConfig
from edgevoice.config_rules import is_loopback
from edgevoice.daemon.credentials import credential
from edgevoice.daemon.relays import fallback, is_named
from edgevoice.doctor.checks import tls
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Machine
from edgevoice.errors import CredentialError, LinkError, LinkRefused, LinkTimeout
from edgevoice.link.board_relay import MOST_BYTES, Card
from edgevoice.link.credential import BearerToken, Credential, clock_of
from edgevoice.link.media_probe import reach
from edgevoice.link.signalling import ME, Signalling

T = TypeVar("T")

STEP_S = 3.0
SLOW_S = 0.3
"""There and back; the answer waits for it twice."""
SKEWED_S = 5.0


@dataclass(frozen=True, slots=True)
class Target:
    """A relay of the configuration."""

    name: str
    link: LinkConfig
    is_first: bool
    setting: str
    token: str = field(default="", repr=False)
    """Of the relay on this board, which lends one; else the credential is in a file."""

    @property
    def url(self) -> URL:
        return URL(self.link.url)


class Me(msgspec.Struct):
    name: str
    kind: str
    version: str
    engine: str


def targets(config: Config) -> list[Target]:
    link = config.link
    card = read_card(Path(link.board_card))
    found = []
    if card is None or is_named(link):
        found.append(Target("relay", link, True, "link.url"))
    for number, other in enumerate(link.fallbacks):
        there = fallback(link, other)
        name = "fallback relay" if len(link.fallbacks) == 1 else f"fallback relay {number + 1}"
        found.append(Target(name, there, False, f"link.fallbacks[{number}].url"))
    if card is not None:
        there = LinkConfig(url=card.url, transport=link.transport)
        found.append(Target("relay on this board", there, False, "link.board_card", card.token))
    return found


def read_card(path: Path) -> Card | None:
    """Of the relay on this board, the last resort; None where none is shown to us."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MOST_BYTES), type=Card)
    except (OSError, ValueError):
        return None


def network(machine: Machine, target: Target) -> Iterator[Finding]:
    """Each line begins with the relay's name."""
    with asyncio.Runner() as runner:
        for finding in _Way(machine, target, runner).steps():
            name = target.name if finding.name == "" else f"{target.name} {finding.name}"
            yield replace(finding, name=name)


class _Way:
    def __init__(self, machine: Machine, target: Target, runner: asyncio.Runner) -> None:
        self._machine = machine
        self._target = target
        self._url = target.url
        self._run = runner.run
        self._port = self._url.port or 443

    def steps(self) -> Iterator[Finding]:
        host = self._url.host or ""
        if self._url.scheme != "https" and not is_loopback(host):
            text = f"{self._url} is not encrypted, and is not called"
            todo = f"on the relay: edgevoice relay init; then set {self._target.setting}: https://"
            yield Finding("fail", "", text, todo)
            return
        if trouble := self._name(host) or self._reached(host):
            yield trouble
            return
        if self._url.scheme == "https":
            shown = list(self._certificate(host))
            yield from shown
            if any(finding.level == "fail" for finding in shown):
                return
        yield from self._spoken()

    def _name(self, host: str) -> Finding | None:
        """None where it is known, or is an address."""
        try:
            self._run(_limited(_resolved(host, self._port)))
        except (OSError, UnicodeError):
            pass  # told below
        else:
            return None
        if not self._machine.text("etc/resolv.conf"):
            return Finding("fail", "name", "no name server is configured", "sudo nmtui")
        todo = f"getent hosts {host}; set {self._target.setting} to its address"
        if host.endswith(".local"):
            todo = f"sudo apt install libnss-mdns; then: getent hosts {host}"
        return Finding("fail", "name", f"{host} is not known to the name server", todo)

    def _reached(self, host: str) -> Finding | None:
        where = f"{host}, port {self._port}"
        try:
            self._run(_limited(_connected(host, self._port)))
        except ConnectionRefusedError:
            todo = "on the relay: sudo systemctl start edgevoice-relay; check"
            text = f"nobody listens at {where}"
            return Finding("fail", "", text, f"{todo} {self._target.setting}")
        except TimeoutError:
            todo = f"ping -c3 {host}; on the relay: sudo ufw allow {self._port}/tcp"
            return Finding("fail", "", f"{where} does not answer", todo)
        except OSError as error:
            todo = f"ip route; nmcli device; then: ping -c3 {host}"
            return Finding("fail", "", f"there is no way to {where} ({error.strerror})", todo)
        return None

    def _certificate(self, host: str) -> Iterator[Finding]:
        ca_file = self._target.link.ca_file
        yield from tls.authority(ca_file, self._machine.now())
        try:
            shaken = self._run(_limited(tls.shake(host, self._port, ca_file)))
        except LinkError:
            return  # the authority's line has said it
        except ssl.SSLError as error:
            yield tls.refused(error, str(self._url), ca_file)
        except (OSError, TimeoutError) as error:
            todo = f"set {self._target.setting} to another port"
            yield Finding("fail", "certificate", f"no TLS is spoken there ({error})", todo)
        else:
            yield tls.certificate(shaken, ca_file, self._machine.now())

    def _spoken(self) -> Iterator[Finding]:
        """HTTP, and what goes with it."""
        link = self._target.link
        shown: Credential | None = None
        trouble: Finding | None = None
        try:
            token = self._target.token
            shown = BearerToken(token) if token else credential(link, self._target.is_first)
        except (CredentialError, PermissionError) as error:
            trouble = _no_credential(error, self._machine.is_root)
        signalling = Signalling(link, shown or BearerToken(""), setting=self._target.setting)
        self._run(signalling.__aenter__())
        try:
            yield self._round_trip(signalling)
            if trouble is not None:
                yield trouble
            elif shown is not None:
                yield from self._known(signalling)
        finally:
            self._run(signalling.__aexit__(None, None, None))

    def _round_trip(self, signalling: Signalling) -> Finding:
        try:
            for _ in range(2):  # the second time on a connection that is there
                self._run(signalling.warm())
        except LinkError as error:
            todo = "on the relay: journalctl -u edgevoice-relay -n 30"
            return Finding("fail", "", str(error), todo)
        rtt_s = signalling.rtt_s or 0.0
        text = f"{self._url} answers within {rtt_s * 1000:.0f} ms"
        if rtt_s > SLOW_S:
            todo = f"ping -c10 {self._url.host}; a relay nearer by, or cable instead of Wi-Fi"
            return Finding("warn", "", text, todo)
        return Finding("ok", "", text)

    def _known(self, signalling: Signalling) -> Iterator[Finding]:
        """Whether we are let in; by an edgevoice relay, also whether media gets through."""
        try:
            looked = self._run(signalling.look_up(ME))
            me = msgspec.json.decode(looked.text, type=Me)
        except LinkRefused as refusal:
            if refusal.status in (404, 405):
                yield from self._foreign(signalling)
            else:
                yield _unwelcome(refusal, str(self._url))
            return
        except (LinkError, ValueError, RecursionError) as error:
            yield Finding("fail", "login", str(error), f"check {self._target.setting}")
            return
        yield Finding("ok", "login", f'knows this board as "{me.name}" ({me.kind})')
        yield from self._skew(looked.date)
        if me.version != __version__:
            text = f"runs edgevoice {me.version}, this board {__version__}"
            yield Finding("warn", "version", text, "sudo scripts/install on the older one")
        yield from self._media(signalling)

    def _foreign(self, signalling: Signalling) -> Iterator[Finding]:
        """Somebody else's server, of which OpenAI's documentation holds."""
        kind = "an OpenAI-compatible server (or an edgevoice relay before 0.2)"
        try:
            looked = self._run(signalling.look_up("v1/models"))
        except LinkRefused as refusal:
            if refusal.status in (401, 403):
                yield _unwelcome(refusal, str(self._url))
            else:
                text = f"{kind}; whether it lets us in shows with the first call"
                yield Finding("ok", "login", text)
            return
        except LinkError as error:
            yield Finding("fail", "login", str(error), f"check {self._target.setting}")
            return
        yield Finding("ok", "login", f"{kind} takes our token; media shows with the first call")
        yield from self._skew(looked.date)

    def _skew(self, date: str) -> Iterator[Finding]:
        theirs = clock_of(date)
        if theirs is None or self._machine.now() <= 0:
            return
        ahead_s = self._machine.now() - theirs
        if abs(ahead_s) > SKEWED_S:
            which = "ahead of" if ahead_s > 0 else "behind"
            text = f"this board's is {abs(ahead_s):.0f} s {which} the relay's"
            yield Finding("warn", "clock", text, "sudo timedatectl set-ntp true (on both)")

    def _media(self, signalling: Signalling) -> Iterator[Finding]:
        transport = self._target.link.transport
        if transport == "websocket":
            yield Finding("ok", "media", "goes over a WebSocket (link.transport)")
            return
        todo = f"let UDP through between here and {self._url.host}: sudo ufw allow proto udp"
        todo += " from any port 32768:60999 on the relay"
        try:
            took_s = self._run(reach(signalling))
        except LinkTimeout as error:
            if transport == "webrtc":
                yield Finding("fail", "media", str(error), todo)
            else:
                text = f"{error} A WebSocket is used instead, which is less smooth"
                yield Finding("warn", "media", text, todo)
        except LinkError as error:
            again = "edgevoice doctor network, once more"
            yield Finding("warn", "media", f"was not tried: {error}", again)
        else:
            text = f"UDP gets through, a session opens within {took_s * 1000:.0f} ms"
            yield Finding("ok", "media", text)


def _no_credential(error: Exception, is_root: bool) -> Finding:
    cause = error.__cause__ or error
    if isinstance(cause, PermissionError) and not is_root:
        text = "only root and the service can read the token or key"
        return Finding("warn", "login", text, "sudo edgevoice doctor network tries it")
    return Finding("fail", "login", str(error), "sudo edgevoice pair URL")


def _unwelcome(refusal: LinkRefused, url: str) -> Finding:
    match refusal.code:
        case "device_revoked":
            todo = f"sudo edgevoice pair {url}, if that was a mistake"
        case "unknown_device":
            todo = f"sudo edgevoice pair {url}"
        case "clock_skew":
            todo = "sudo timedatectl set-ntp true"
        case _:
            todo = f"sudo edgevoice pair {url}; or a new token: edgevoice relay token NAME (there)"
    return Finding("fail", "login", str(refusal), todo)


async def _resolved(host: str, port: int) -> list[object]:
    return [*await asyncio.get_running_loop().getaddrinfo(host, port)]


async def _connected(host: str, port: int) -> None:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()


async def _limited(work: Awaitable[T]) -> T:
    async with asyncio.timeout(STEP_S):
        return await work
