"""`edgevoice doctor --security`: what an owner looks at to know that the set-up is secure.

ETSI EN 303 645, provision 5.12-3: the user is to be guided to check that. Each line names the
provision that it is about.
"""

import asyncio
import re
import stat
from collections.abc import Awaitable, Iterator

from yarl import URL

from edgevoice.config import Config
from edgevoice.config_file import Effective
from edgevoice.config_rules import is_loopback
from edgevoice.doctor.checks.egress import open_ports
from edgevoice.doctor.checks.tls import shakes_old_hands
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import SERVICE_USER, Machine
from edgevoice.errors import UnsupportedLibrary

ANSWER_S = 3.0
OPEN_WELL = (22,)
"""SSH, by which the owner comes in."""
UPDATED_S = 30 * 86_400.0
STAMPS = (
    "var/lib/apt/periodic/update-success-stamp",
    "var/lib/apt/periodic/upgrade-stamp",
    "var/cache/apt/pkgcache.bin",
)
AUTOMATIC = "etc/apt/apt.conf.d/20auto-upgrades"

_SECRET = re.compile(
    r"\b(sk-[\w-]{12,}|ek_[\w-]{12,}|ev_[\w-]{20,}|Bearer\s+[\w.-]{12,}|-----BEGIN [A-Z ]*PRIVATE)"
)


def security(machine: Machine, effective: Effective) -> Iterator[Finding]:
    config = effective.config
    yield from secret_files(machine, config)
    yield from written_secrets(machine, effective)
    yield from changeable(machine, effective)
    yield from links(config)
    yield from relay(config)
    yield from light(config)
    yield from words(config)
    yield from ports(machine, config)
    yield control(machine)
    yield from updates(machine)
    yield hardened()


def secret_files(machine: Machine, config: Config) -> Iterator[Finding]:
    """Keys and tokens, each in a file of its own that its owner alone reads."""
    closed, open_ones = 0, []
    for path in secrets(config):
        file = machine.path(path)
        try:
            mode = file.stat().st_mode
        except OSError:
            continue  # not there, or in a folder that is closed to us
        if mode & (stat.S_IRWXO | stat.S_IRWXG):
            open_ones.append(path)
        else:
            closed += 1
    for path in open_ones:
        text = f"others can read {path}; whoever did so keeps what was in it"
        yield Finding("fail", "secrets", text, f"sudo chmod 600 {path}; renew it", "5.4-1")
    if not open_ones:
        text = f"{closed} files of keys and tokens are closed" if closed else "no file holds one"
        yield Finding("ok", "secrets", text, "", "5.4-1")


def secrets(config: Config) -> list[str]:
    relay, link = config.relay, config.link
    named = [
        link.token_file,
        link.key_file,
        *(other.token_file for other in link.fallbacks),
        config.neighbours.mqtt.password_file,
        relay.tokens_file,
        relay.tls_key,
        relay.admin_token_file,
        relay.upstream.key_file,
        relay.local.chat.key_file,
        relay.local.stt.key_file,
        relay.local.tts.key_file,
        *(server.token_file for server in relay.mcp.servers),
    ]
    return list(dict.fromkeys(path for path in named if path))


def _files(effective: Effective) -> list[str]:
    named = {place.source for place in effective.places.values() if place.line}
    return sorted(name for name in named if name.startswith("/"))


def written_secrets(machine: Machine, effective: Effective) -> Iterator[Finding]:
    """In the configuration itself, which everybody may read."""
    found = False
    for path in _files(effective):
        for number, line in enumerate(machine.text(path).splitlines(), 1):
            if _SECRET.search(line.partition(" #")[0]):
                found = True
                text = f"{path}, line {number} holds what looks like a secret"
                todo = "put it into a file of mode 0600 and name that; renew it"
                yield Finding("fail", "configuration", text, f"sudoedit {path}: {todo}", "5.4-3")
    if not found:
        yield Finding("ok", "configuration", "holds no key or token", "", "5.4-3")


def changeable(machine: Machine, effective: Effective) -> Iterator[Finding]:
    """By others than its owner: a setting is all that it takes to listen elsewhere."""
    for path in _files(effective):
        try:
            mode = machine.path(path).stat().st_mode
        except OSError:
            continue
        if mode & stat.S_IWOTH:
            text = f"everybody can change {path}"
            yield Finding("fail", "configuration", text, f"sudo chmod o-w {path}", "5.4-1")


def links(config: Config) -> Iterator[Finding]:
    """Everything that leaves the board is encrypted, or stays on it."""
    urls = {"link.url": config.link.url, "neighbours.mqtt.url": config.neighbours.mqtt.url}
    urls |= {f"link.fallbacks[{n}].url": f.url for n, f in enumerate(config.link.fallbacks)}
    plain = [(path, url) for path, url in urls.items() if url and _is_plain(URL(url))]
    for path, url in plain:
        text = f"{path} {url} is not encrypted"
        if path.startswith("link"):
            todo = "on the relay: sudo edgevoice relay init; here: sudo edgevoice pair https://..."
            yield Finding("fail", "encryption", text, todo, "5.5-1")
        else:
            yield Finding("warn", "encryption", text, f"set {path}: mqtts://...", "5.5-1")
    if not plain:
        text = "what leaves the board is encrypted (TLS 1.2 or newer, DTLS-SRTP)"
        yield Finding("ok", "encryption", text, "", "5.5-1")


def _is_plain(url: URL) -> bool:
    return url.scheme in ("http", "mqtt", "ws") and not is_loopback(url.host or "")


def oldest_tls(config: Config) -> Iterator[Finding]:
    """Asked of each relay: what it would agree on with an old client."""
    urls = [URL(config.link.url), *(URL(other.url) for other in config.link.fallbacks)]
    for url in urls:
        if url.scheme != "https" or not url.host:
            continue
        try:
            is_old = asyncio.run(_in_time(shakes_old_hands(url.host, url.port or 443)))
        except TimeoutError:
            continue  # the way there is another check's
        where = url.authority
        if is_old:
            todo = "in the proxy in front of it: ssl_protocols TLSv1.2 TLSv1.3"
            yield Finding("warn", "TLS", f"{where} still speaks TLS 1.1", todo, "5.5-1")
        else:
            yield Finding("ok", "TLS", f"{where} speaks TLS 1.2 or newer, or nothing", "", "5.5-1")


async def _in_time(work: Awaitable[bool]) -> bool:
    async with asyncio.timeout(ANSWER_S):
        return await work


def relay(config: Config) -> Iterator[Finding]:
    """Of the relay on this machine; what only loopback reaches needs less."""
    relay = config.relay
    if is_loopback(relay.host) and not relay.behind_proxy:
        text = "only this machine reaches the relay on it, if there is one"
        yield Finding("ok", "relay", text, "", "5.6-1")
        return
    if not relay.tls_cert and not relay.behind_proxy:
        todo = "sudo edgevoice relay init && sudo systemctl restart edgevoice-relay"
        yield Finding("fail", "relay", f"{relay.host} without TLS", todo, "5.5-1")
    if relay.behind_proxy and not is_loopback(relay.host):
        text = f"plain HTTP on {relay.host}: whoever reaches it without the proxy reads tokens"
        yield Finding("warn", "relay", text, "set relay.host: 127.0.0.1", "5.5-1")
    if relay.pairing:
        text = "anybody who reaches the relay may ask to be paired; you have to approve each"
        todo = "when all boards are in: set relay.pairing: false"
        yield Finding("warn", "pairing", text, todo, "5.6-1")
    else:
        yield Finding("ok", "pairing", "closed", "", "5.6-1")
    if relay.admin_token_file:
        text = "/metrics and /live are open to whoever has the admin token"
        yield Finding("ok", "monitoring", text, "", "5.5-5")
    else:
        yield Finding("ok", "monitoring", "/metrics and /live are for this machine", "", "5.5-5")


def light(config: Config) -> Iterator[Finding]:
    """That it listens is to be seen."""
    kind = config.indicator.kind
    if kind in ("none", "console"):
        text = f"nothing shows that the microphone is sent (indicator.kind is {kind})"
        todo = "edgevoice board names one with LEDs; or an LED: set indicator.kind: led"
        yield Finding("warn", "indicator", text, todo, "5.8-3")
    elif not config.indicator.required:
        text = f"{kind} shows when sound is sent, but a broken light does not prevent it"
        yield Finding("warn", "indicator", text, "set indicator.required: true", "5.8-3")
    else:
        yield Finding("ok", "indicator", f"no sound is sent unless {kind} works", "", "5.8-3")


def words(config: Config) -> Iterator[Finding]:
    """What was said goes into no log, and is forgotten."""
    if config.log_level == "debug":
        text = "log_level debug writes what is said into the journal"
        yield Finding("warn", "words", text, "set log_level: info; edgevoice forget", "5.8-2")
    elif config.context.keep == "reboot" and config.context.keep_minutes:
        text = f"conversations are on the card for {config.context.keep_minutes:g} minutes"
        yield Finding("warn", "words", text, "set context.keep: restart", "5.8-2")
    else:
        yield Finding("ok", "words", "what is said is in no log and on no card", "", "5.8-2")


def ports(machine: Machine, config: Config) -> Iterator[Finding]:
    """Everything that others reach on this machine, whoever opened it."""
    expected = {*OPEN_WELL, config.relay.port}
    reached = {port.port for port in open_ports(machine) if not port.is_local}
    others = ", ".join(map(str, sorted(reached - expected)))
    if others:
        text = f"others reach TCP {others} of this board, which edgevoice did not open"
        todo = "sudo ss -ltnp names the programs; sudo systemctl disable --now those you do not use"
        yield Finding("warn", "this board", text, todo, "5.6-1")
    else:
        shown = ", ".join(map(str, sorted(reached))) or "none"
        yield Finding("ok", "this board", f"TCP ports that others reach: {shown}", "", "5.6-1")


def control(machine: Machine) -> Finding:
    members = [name for name in machine.members(SERVICE_USER) if name != SERVICE_USER]
    who = ", ".join(members) or "nobody but root"
    text = f"{who} may mute, wake and control the assistant (group {SERVICE_USER})"
    return Finding("ok", "control", text, "", "5.6-7")


def updates(machine: Machine) -> Iterator[Finding]:
    """Of the system; edgevoice's own come with its checkout or package."""
    stamps = [machine.path(name) for name in STAMPS if machine.exists(name)]
    if not stamps:
        return  # no Debian
    age_s = machine.now() - max(path.stat().st_mtime for path in stamps)
    if machine.exists("run/reboot-required"):
        text = "an update waits for a reboot"
        yield Finding("warn", "updates", text, "sudo reboot", "5.3-3")
    if age_s > UPDATED_S:
        text = f"nobody has looked for updates for {age_s / 86_400:.0f} days"
        todo = "sudo apt update && sudo apt full-upgrade; sudo apt install unattended-upgrades"
        yield Finding("warn", "updates", text, todo, "5.3-3")
    elif 'Unattended-Upgrade "1"' in machine.text(AUTOMATIC):
        yield Finding("ok", "updates", "are installed by themselves", "", "5.3-3")
    else:
        text = "were looked for this month, and are installed by hand"
        yield Finding("ok", "updates", text, "", "5.3-3")


def hardened() -> Finding:
    """What strangers send is looked at before aiortc sees it."""
    from edgevoice.webrtc.hardening import harden

    try:
        left_out = harden()
    except UnsupportedLibrary as error:
        return Finding("fail", "input", str(error), "scripts/setup", "5.13-1")
    text = "what others send is checked before aiortc sees it"
    if left_out:
        text += f" ({', '.join(left_out)} left out, which is only slower)"
    return Finding("ok", "input", text, "", "5.13-1")
