"""SDP as text: what is let in, and what we send. Pure; aiortc does the meaning.

aiortc raises anything from AssertionError to AttributeError on mutated offers,
and its ICE agent contacts every address an offer names (a 6 kB offer makes it
send 80 kB to a victim). So both are rebuilt here from the lines we understand; an
offer without its candidates, because the peer is learned from where its checks come
from, an answer with a handful of them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from edgevoice.errors import LocalProtocolError, RemoteProtocolError
from edgevoice.webrtc.fmtp import Wishes

OFFER_BYTES = 16_384
MAX_LINES = 400
MAX_CANDIDATES = 8
MAX_MESSAGE_BYTES = 262_144
"""What Chromium announces too; aiortc announces a quarter of it but takes any size."""

START_ATTRIBUTE = "edgevoice-first-timestamp"
"""RTP timestamp of the very first sample, so that losing the first packet shifts nothing."""

CHANNEL_ATTRIBUTE = "edgevoice-channel"
"""The event channel exists on both ends without being announced in it (negotiated, RFC 8832)."""
CHANNEL_ID = 0

TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}"
ICE_CHARS = r"[A-Za-z0-9+/]"
HASHES = r"(?i:sha-256|sha-384|sha-512)"

UNDERSTOOD = {
    name: re.compile(pattern)
    for name, pattern in {
        "group": rf"BUNDLE( {TOKEN}){{1,2}}",
        "mid": TOKEN,
        "ice-ufrag": rf"{ICE_CHARS}{{4,256}}",
        "ice-pwd": rf"{ICE_CHARS}{{22,256}}",
        "fingerprint": rf"{HASHES} [0-9A-Fa-f]{{2}}(:[0-9A-Fa-f]{{2}}){{31,63}}",
        "setup": "actpass|active|passive",
        "rtcp-mux": "",
        "sendrecv": "",
        "sendonly": "",
        "recvonly": "",
        "inactive": "",
        "rtpmap": r"\d{1,3} [A-Za-z0-9._-]{1,32}/\d{1,6}(/\d{1,2})?",
        "sctp-port": r"\d{1,5}",
        "max-message-size": r"\d{1,10}",
        "ice-lite": "",
        START_ATTRIBUTE: r"\d{1,10}",
        CHANNEL_ATTRIBUTE: str(CHANNEL_ID),
    }.items()
}
"""Attributes that are kept, and how each must look. Others are dropped, as SDP says."""

CANDIDATE = re.compile(
    r"\S{1,64} 1 udp \d{1,10} (?P<address>[0-9A-Fa-f.:]{2,45}) (?P<port>\d{1,5})"
    r" typ (host|srflx|relay)",
    re.IGNORECASE | re.ASCII,
)
UNDERSTOOD_IN_ANSWERS = UNDERSTOOD | {
    "candidate": re.compile(".*"),
    "end-of-candidates": re.compile(""),
}

MEDIA_LINE = re.compile(r"m=(\S{1,32}) (\d{1,5}) ([A-Z/]{1,32}) (.{1,200})")
AUDIO_PROFILES = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP")
DATA_PROFILES = ("UDP/DTLS/SCTP",)
OPUS_MAP = re.compile(r"(\d+) opus/48000/2", re.IGNORECASE)


@dataclass(slots=True)
class Section:
    """The lines of one m-section, or of the session above them all."""

    kind: str
    first: str
    attributes: list[tuple[str, str]]

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]

    def value(self, name: str) -> str | None:
        return next(iter(self.values(name)), None)


def admit_offer(text: str, limit_bytes: int = OFFER_BYTES) -> str:
    """A clean copy of the offer, or RemoteProtocolError that says what is wrong with it."""
    session, *media = checked(sections(text, limit_bytes, UNDERSTOOD, "the offer"), "the offer")
    return write(session, media)


def admit_answer(text: str, limit_bytes: int = OFFER_BYTES) -> str:
    """A clean copy with a handful of plain UDP candidates and no name to look up."""
    try:
        session, *media = checked(sections(text, limit_bytes, UNDERSTOOD_IN_ANSWERS, "it"), "it")
        check_accepted(media)
    except RemoteProtocolError as error:
        raise RemoteProtocolError(f"the relay's answer cannot be used: {error}") from None
    keep_a_few_candidates(media)
    return write(session, media)


def check_accepted(media: list[Section]) -> None:
    for section in media:
        if section.first.split(" ")[1] == "0":
            raise RemoteProtocolError(f"it rejects the {section.kind} section")


def keep_a_few_candidates(media: list[Section]) -> None:
    left = MAX_CANDIDATES
    for section in media:
        usable = [value for value in section.values("candidate") if is_plain_udp(value)][:left]
        left -= len(usable)
        others = [pair for pair in section.attributes if pair[0] != "candidate"]
        section.attributes = [*others, *(("candidate", value) for value in usable)]


def is_plain_udp(candidate: str) -> bool:
    """`.local` names would make us ask the whole LAN; TCP is not spoken here."""
    match = CANDIDATE.match(candidate)
    if match is None or not 0 < int(match["port"]) < 65_536:
        return False
    try:
        ip_address(match["address"])
    except ValueError:
        return False
    return True


def checked(found: list[Section], what: str) -> list[Section]:
    session, *media = found
    check_shape(media, what)
    for section in media:
        check_transport(session, section)
    check_bundle(session, media, what)
    return found


def sections(
    text: str, limit_bytes: int, understood: dict[str, re.Pattern[str]], what: str
) -> list[Section]:
    if len(text.encode(errors="replace")) > limit_bytes:
        raise RemoteProtocolError(f"{what} is larger than {limit_bytes} bytes")
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if len(lines) > MAX_LINES:
        raise RemoteProtocolError(f"{what} has more than {MAX_LINES} lines")
    if lines[0] != "v=0":
        raise RemoteProtocolError(f"{what} is not SDP: its first line is not v=0")
    found = [Section("session", "v=0", [])]
    for line in lines[1:]:
        if line.startswith("m="):
            found.append(Section(media_kind(line, what), line, []))
        elif line.startswith("a="):
            keep(found[-1], line[2:], understood, what)
    return found


def media_kind(line: str, what: str) -> str:
    match = MEDIA_LINE.fullmatch(line)
    if match is None:
        raise RemoteProtocolError(f"malformed media line in {what}: {line[:80]!r}")
    return match[1]


def keep(
    section: Section, attribute: str, understood: dict[str, re.Pattern[str]], what: str
) -> None:
    name, _, value = attribute.partition(":")
    pattern = understood.get(name)
    if name == "group" and not value.startswith("BUNDLE"):
        return
    if pattern is None:
        return
    if not value.isascii() or pattern.fullmatch(value.rstrip(" ")) is None:
        raise RemoteProtocolError(f"malformed attribute in {what}: a={attribute[:80]!r}")
    section.attributes.append((name, value.rstrip(" ")))


def check_shape(media: list[Section], what: str) -> None:
    kinds = [section.kind for section in media]
    if kinds.count("audio") != 1 or kinds.count("application") != 1 or len(kinds) != 2:
        listed = ", ".join(kinds) or "none"
        raise RemoteProtocolError(
            f"{what} must have one audio section and one data channel (a client creates the channel"
            f" oai-events before its offer); it has: {listed}"
        )
    for section in media:
        profiles = AUDIO_PROFILES if section.kind == "audio" else DATA_PROFILES
        if section.first.split(" ")[2] not in profiles:
            raise RemoteProtocolError(f"the {section.kind} section must use {profiles[0]}")


def check_transport(session: Section, section: Section) -> None:
    for name in ("ice-ufrag", "ice-pwd", "fingerprint", "setup"):
        if section.value(name) is None and session.value(name) is None:
            raise RemoteProtocolError(f"the {section.kind} section has no a={name}")
    if section.value("mid") is None:
        raise RemoteProtocolError(f"the {section.kind} section has no a=mid")
    if section.kind == "audio":
        if section.value("rtcp-mux") is None:
            raise RemoteProtocolError("the audio section must multiplex RTCP (a=rtcp-mux)")
        opus_payload_type(section)
    elif not 0 < int(section.value("sctp-port") or 0) < 65_536:
        raise RemoteProtocolError("the application section has no valid a=sctp-port")


def check_bundle(session: Section, media: list[Section], what: str) -> None:
    mids = [section.value("mid") for section in media]
    bundle = (session.value("group") or "").split(" ")[1:]
    if mids[0] == mids[1] or sorted(bundle) != sorted(str(mid) for mid in mids):
        raise RemoteProtocolError(f"{what} must bundle its two sections (a=group:BUNDLE)")


def opus_payload_type(section: Section) -> int:
    for value in section.values("rtpmap"):
        match = OPUS_MAP.fullmatch(value)
        if match and 96 <= int(match[1]) <= 127:
            return int(match[1])
    raise RemoteProtocolError("the audio section does not offer opus/48000/2")


def write(session: Section, media: list[Section]) -> str:
    """Only what was understood, each attribute once, Opus alone."""
    lines = ["v=0", "o=- 0 0 IN IP4 0.0.0.0", "s=-", "t=0 0", *attributes(session)]
    for section in media:
        if section.kind == "audio":
            payload_type = opus_payload_type(section)
            lines.append(f"m=audio 9 {AUDIO_PROFILES[0]} {payload_type}")
            lines.append(f"a=rtpmap:{payload_type} opus/48000/2")
        else:
            lines.append(f"m=application 9 {DATA_PROFILES[0]} webrtc-datachannel")
        lines.append("c=IN IP4 0.0.0.0")
        lines += attributes(section)
    return "\r\n".join(lines) + "\r\n"


def attributes(section: Section) -> Iterator[str]:
    seen = set()
    for name, value in section.attributes:
        if name == "rtpmap" or name in seen:
            continue
        if name not in ("fingerprint", "candidate"):
            seen.add(name)
        yield f"a={name}:{value}" if value else f"a={name}"


def first_timestamp(offer: str) -> int | None:
    """Where the sender's RTP clock starts, if it says so."""
    match = re.search(rf"^a={START_ATTRIBUTE}:(\d{{1,10}})\r?$", offer, re.MULTILINE)
    return int(match[1]) % (1 << 32) if match else None


def with_first_timestamp(offer: str, timestamp: int) -> str:
    """Says where our RTP clock starts, in the audio section; others ignore the line."""
    head, rtpmap, tail = offer.partition(" opus/48000/2\r\n")
    if not rtpmap:
        raise LocalProtocolError("our offer has no Opus in it")
    return f"{head}{rtpmap}a={START_ATTRIBUTE}:{timestamp}\r\n{tail}"


def agrees_on_channel(text: str) -> bool:
    """The other side takes events on the channel of this number without its announcement."""
    line = rf"^a={CHANNEL_ATTRIBUTE}:{CHANNEL_ID}\r?$"
    return re.search(line, text, re.MULTILINE) is not None


def with_channel(text: str) -> str:
    """Says so, in the data section; others ignore the line."""
    head, port, tail = text.partition("a=sctp-port:")
    if not port:
        raise LocalProtocolError("our description has no data channel in it")
    return f"{head}a={CHANNEL_ATTRIBUTE}:{CHANNEL_ID}\r\n{port}{tail}"


def prefer_voice(text: str, wishes: Wishes) -> str:
    """Say how we want to be spoken to, and that large events are welcome."""
    out = []
    for line in text.split("\r\n"):
        if line.startswith("a=max-message-size:"):
            line = f"a=max-message-size:{MAX_MESSAGE_BYTES}"
        if line.startswith("a=fmtp:") and f"{line[7:].split(' ')[0]} opus/48000/2" in text:
            continue
        out.append(line)
        if line.startswith("a=rtpmap:") and line.endswith(" opus/48000/2"):
            out.append(f"a=fmtp:{line[9:].split(' ')[0]} {wishes.parameters()}")
    return "\r\n".join(out)


def without_addresses(offer: str) -> str:
    """The relay learns our address from our first packet; nobody else needs it."""
    out = []
    for line in offer.split("\r\n"):
        if line.startswith(("a=candidate:", "a=end-of-candidates")):
            continue
        if line.startswith("m="):
            kind, _, rest = line.split(" ", 2)
            line = f"{kind} 9 {rest}"
        elif line.startswith("c="):
            line = "c=IN IP4 0.0.0.0"
        out.append(line)
    return "\r\n".join(out)
