"""The relay on this machine, if there is one: port, certificate, tokens, store, models, UDP.

Nothing is written and no engine is started.
"""

import asyncio
import socket
import sqlite3
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from cryptography import x509

from edgevoice.audio.models import find
from edgevoice.config import Config, RelayConfig
from edgevoice.config_rules import is_loopback
from edgevoice.doctor.checks.egress import open_ports
from edgevoice.doctor.checks.models import bytes_of_models
from edgevoice.doctor.checks.tls import SOON_DAYS
from edgevoice.doctor.checks.unit import RELAY, properties
from edgevoice.doctor.finding import Finding, Level
from edgevoice.doctor.machine import Machine
from edgevoice.errors import ConfigError, CredentialError, ModelError
from edgevoice.models import catalogue
from edgevoice.relay.access.tls import tls_context
from edgevoice.relay.access.tokens import Tokens
from edgevoice.relay.store.place import FILE, folder

USER = "edgevoice-relay"
ANSWER_S = 1.0
BUSY_S = 1.0
NO_START = "the relay does not start"
INIT = "sudo edgevoice relay init && sudo systemctl restart edgevoice-relay"
PAIRED = "SELECT count(*) FROM devices WHERE revoked_at IS NULL"
MAKE_TOKEN = "sudo edgevoice relay token NAME, or approve a board: edgevoice relay devices"


def is_here(machine: Machine) -> bool:
    """Its service is installed and meant to run."""
    shown = properties(machine, RELAY) or {}
    return shown.get("LoadState") == "loaded" and (
        shown.get("UnitFileState") == "enabled" or shown.get("ActiveState") == "active"
    )


def relay_here(machine: Machine, config: Config) -> Iterator[Finding]:
    relay = config.relay
    yield _port(machine, relay)
    yield from _tls(machine, relay)
    yield _tokens(machine, relay)
    yield from _store(machine, relay)
    yield from _models(config)
    yield _udp(machine, relay)


def _port(machine: Machine, relay: RelayConfig) -> Finding:
    is_taken = any(one.port == relay.port for one in open_ports(machine))
    where = f"{relay.host}, port {relay.port}"
    if asyncio.run(_answers(relay)):
        return Finding("ok", "port", f"it answers at {where}")
    if is_taken:
        todo = f"sudo ss -ltnp 'sport = :{relay.port}' names it; or set relay.port"
        return Finding("fail", "port", f"another program listens at {where}", todo)
    todo = f"sudo systemctl start {RELAY}; journalctl -u {RELAY} -n 30"
    return Finding("warn", "port", f"nobody listens at {where}", todo)


async def _answers(relay: RelayConfig) -> bool:
    """An edgevoice relay does; its certificate is looked at elsewhere."""
    host = "127.0.0.1" if relay.host in ("0.0.0.0", "::", "") else relay.host
    shown = f"[{host}]" if ":" in host else host
    url = f"{'https' if relay.tls_cert else 'http'}://{shown}:{relay.port}/healthz"
    timeout = aiohttp.ClientTimeout(total=ANSWER_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as http,
            http.get(url, ssl=False, allow_redirects=False) as response,
        ):
            return response.status == 200 and b'"sessions"' in await response.content.read(4_096)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


def _tls(machine: Machine, relay: RelayConfig) -> Iterator[Finding]:
    try:
        context = tls_context(relay)
    except ConfigError as error:
        if _is_closed_to_us(relay.tls_key) and not machine.is_root:
            yield _for_root("certificate", relay.tls_key)
        else:
            yield Finding("fail", "certificate", str(error), INIT)
        return
    if context is None:
        how = "a proxy speaks TLS" if relay.behind_proxy else "this machine alone reaches it"
        yield Finding("ok", "certificate", f"none is needed: {how}")
        return
    for path in filter(None, (relay.tls_cert, relay.tls_ca)):
        yield _validity(path, machine.now())


def _validity(path: str, now: float) -> Finding:
    try:
        shown = x509.load_pem_x509_certificates(Path(path).read_bytes())
        ends = min(certificate.not_valid_after_utc for certificate in shown)
    except (OSError, ValueError, ssl.SSLError) as error:
        return Finding("fail", "certificate", f"{path} cannot be read ({error})", INIT)
    days = (ends - datetime.fromtimestamp(now, UTC)).days
    if days < 0:
        return Finding("fail", "certificate", f"{path} has expired", INIT)
    if days < SOON_DAYS:
        return Finding("warn", "certificate", f"{path} is good for {days} days", INIT)
    return Finding("ok", "certificate", f"{path} fits its key, and is good for {days} days")


def _tokens(machine: Machine, relay: RelayConfig) -> Finding:
    path = relay.tokens_file
    if _is_closed_to_us(path) and not machine.is_root:
        return _for_root("tokens", path)
    if not machine.exists(path):
        return Finding("ok", "tokens", f"none in {path}: only boards that were paired may call")
    try:
        Tokens(str(machine.path(path))).load(alone=False)
        mode = machine.path(path).stat().st_mode
    except (CredentialError, OSError) as error:
        return Finding("fail", "tokens", str(error), f"sudoedit {path}; {MAKE_TOKEN}")
    if mode & 0o077:
        return Finding("warn", "tokens", f"others may read {path}", f"sudo chmod 600 {path}")
    return Finding("ok", "tokens", f"{path} can be read, and by its owner alone")


def _store(machine: Machine, relay: RelayConfig) -> Iterator[Finding]:
    if relay.store == "memory":
        yield Finding("ok", "store", "in memory: devices are forgotten when it ends")
        return
    place = folder(relay) / FILE
    file = machine.path(str(place))
    if _is_closed_to_us(str(file)):
        yield _for_root("store", str(place))
        return
    try:
        if not file.exists():
            yield Finding("ok", "store", f"{place} is made when it first starts")
            return
        # Not immutable: a relay that runs has the newest in the log beside it.
        address = f"{file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, timeout=BUSY_S, uri=True)) as store:
            (said,) = store.execute("PRAGMA quick_check(1)").fetchone()
            (devices,) = store.execute(PAIRED).fetchone()
    except (sqlite3.Error, OSError) as error:
        yield Finding("fail", "store", f"{place} cannot be read ({error})", _spare(place))
    else:
        if said == "ok":
            yield Finding("ok", "store", f"{place} is sound; paired devices: {devices}")
        else:
            yield Finding("fail", "store", f"{place} is damaged ({said})", _spare(place))


def _spare(place: Path) -> str:
    moved = f"sudo mv {place} {place}.broken && sudo systemctl restart {RELAY}"
    return f"{moved}; then pair the boards anew"


def _models(config: Config) -> Iterator[Finding]:
    """The bytes of those that are here, and whether those are that the settings want."""
    yield bytes_of_models(config, relay=True)
    offers = {offer.name: offer for offer in catalogue.read()}
    for name, otherwise in wanted_models(config.relay):
        absent = [m for m in offers[name].package.models if not _is_found(config.relay, m.name)]
        if absent:
            text = f"{name} is not here: {otherwise}"
            level: Level = "fail" if otherwise == NO_START else "warn"
            yield Finding(level, "models", text, f"edgevoice models install {name}")


def wanted_models(relay: RelayConfig) -> Iterator[tuple[str, str]]:
    """Each with what becomes of the relay without it."""
    if relay.detection.vad == "silero":
        yield "silero-vad", NO_START
    if relay.detection.mode == "semantic_vad":
        yield "smart-turn", "silence alone ends a turn, which takes longer"
    by_itself = relay.engine == "local" or (
        relay.engine == "openai" and relay.upstream.fallback == "local"
    )
    if by_itself and relay.local.stt.backend == "moonshine":
        yield "moonshine-base-en", NO_START


def _is_found(relay: RelayConfig, name: str) -> bool:
    try:
        find(relay.models_dir, name)
    except ModelError:
        return False
    return True


def _udp(machine: Machine, relay: RelayConfig) -> Finding:
    """Where the sockets for sound are made: on an address of ours, from the kernel's range."""
    low, _, high = machine.text("proc/sys/net/ipv4/ip_local_port_range").partition("\t")
    host = relay.media_host or ("" if relay.host in ("0.0.0.0", "::") else relay.host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except OSError as error:
        text = f"no media socket can be opened on {host} ({error.strerror})"
        return Finding("fail", "udp", text, "set relay.media_host to an address of this machine")
    where = host or "all addresses"
    text = f"media sockets open on {where}, ports {low or '?'} to {high or '?'}"
    if not is_loopback(host) and low:
        text += f"; a firewall must let them in (sudo ufw allow {low}:{high}/udp)"
    return Finding("ok", "udp", text)


def _is_closed_to_us(path: str) -> bool:
    try:
        with open(path, "rb"):
            return False
    except PermissionError:
        return True
    except OSError:
        return False


def _for_root(name: str, path: str) -> Finding:
    text = f"only root and {USER} may look at {path}"
    return Finding("ok", name, f"{text}: sudo edgevoice doctor relay")
