import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.errors import LocalProtocolError, RemoteProtocolError
from edgevoice.webrtc import sdp
from edgevoice.webrtc.fmtp import Wishes

FINGERPRINT = ":".join(["AB"] * 32)

BROWSER = f"""\
v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS stream
m=audio 50123 UDP/TLS/RTP/SAVPF 111 63 9 0
c=IN IP4 203.0.113.7
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 203.0.113.7 50123 typ host generation 0
a=candidate:2 1 udp 2113937151 9fe3a1c0-1111.local 50124 typ host generation 0
a=ice-ufrag:gRxv
a=ice-pwd:H8OpFHNJ8vx4oDzSmVcMJ2kU
a=ice-options:trickle
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=msid:stream track
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=ssrc:2231627014 cname:o2oRT/2
a=end-of-candidates
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=ice-ufrag:gRxv
a=ice-pwd:H8OpFHNJ8vx4oDzSmVcMJ2kU
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
a=mid:1
a=sctp-port:5000
a=max-message-size:262144
""".replace("\n", "\r\n")


def without(pattern: str) -> str:
    changed = re.sub(rf"{pattern}[^\r]*\r\n", "", BROWSER)
    assert changed != BROWSER
    return changed


def test_a_browsers_offer_is_let_in_without_its_addresses() -> None:
    clean = sdp.admit_offer(BROWSER)
    for gone in ("candidate", "203.0.113.7", "50123", "G722", "PCMU", "red/", "ssrc", "extmap"):
        assert gone not in clean
    for kept in ("a=rtpmap:111 opus/48000/2", "a=ice-ufrag:gRxv", "a=group:BUNDLE 0 1", "a=mid:1"):
        assert kept in clean


def test_letting_in_twice_changes_nothing_more() -> None:
    clean = sdp.admit_offer(BROWSER)
    assert sdp.admit_offer(clean) == clean


def test_line_feeds_alone_will_do() -> None:
    assert sdp.admit_offer(BROWSER.replace("\r\n", "\n")) == sdp.admit_offer(BROWSER)


def test_transport_attributes_may_stand_above_the_sections() -> None:
    shared = ("a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup")
    lines = BROWSER.split("\r\n")
    moved = [line for line in lines if line.startswith(shared)][:4]
    rest = [line for line in lines if not line.startswith(shared)]
    clean = sdp.admit_offer("\r\n".join(rest[:4] + moved + rest[4:]))
    assert clean.index("a=ice-pwd") < clean.index("m=audio")


@pytest.mark.parametrize(
    ("offer", "complaint"),
    [
        ("", "not SDP"),
        ("hello", "not SDP"),
        (BROWSER.replace("m=application", "m=video"), "one audio section"),
        (BROWSER + BROWSER[BROWSER.index("m=audio") :], "one audio section"),
        (BROWSER[: BROWSER.index("m=application")], "oai-events"),
        (BROWSER.replace("m=audio 50123", "m=audio port"), "malformed media line"),
        (BROWSER.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), "must use UDP/TLS"),
        (without("a=ice-ufrag"), "no a=ice-ufrag"),
        (without("a=ice-pwd"), "no a=ice-pwd"),
        (without("a=fingerprint"), "no a=fingerprint"),
        (without("a=setup"), "no a=setup"),
        (without("a=mid:1"), "application section has no a=mid"),
        (without("a=rtcp-mux"), "rtcp-mux"),
        (without("a=rtpmap:111"), "opus/48000/2"),
        (without("a=sctp-port"), "sctp-port"),
        (without("a=group"), "bundle"),
        (BROWSER.replace("a=mid:1", "a=mid:0"), "bundle"),
        (BROWSER.replace("a=setup:actpass", "a=setup:zzz"), "malformed attribute"),
        (BROWSER.replace("gRxv", "gé1"), "malformed attribute"),
        (BROWSER.replace("sha-256 AB", "md5 AB"), "malformed attribute"),
        (BROWSER.replace("111 opus", "999 opus"), "opus/48000/2"),
        (BROWSER + "a=x\r\n" * 500, "lines"),
        (BROWSER + "a=" + "x" * 20_000, "larger than"),
    ],
)
def test_a_bad_offer_is_refused_with_the_reason(offer: str, complaint: str) -> None:
    with pytest.raises(RemoteProtocolError, match=complaint):
        sdp.admit_offer(offer)


LINES = BROWSER.split("\r\n")


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(LINES) - 1),
            st.sampled_from(["drop", "double", "cut", "spoil", "swap"]),
            st.integers(0, 60),
            st.text(max_size=8),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_mutation_is_let_in_clean_or_refused(
    mutations: list[tuple[int, str, int, str]],
) -> None:
    lines = list(LINES)
    for at, how, where, junk in mutations:
        at %= max(1, len(lines))
        match how:
            case "drop":
                del lines[at : at + 1]
            case "double":
                lines[at:at] = lines[at : at + 1]
            case "cut":
                lines[at] = lines[at][:where]
            case "spoil":
                lines[at] = lines[at][:where] + junk + lines[at][where:]
            case "swap":
                lines[at], lines[where % len(lines)] = lines[where % len(lines)], lines[at]
        lines = lines or [""]
    try:
        clean = sdp.admit_offer("\r\n".join(lines))
    except RemoteProtocolError:
        return
    assert sdp.admit_offer(clean) == clean
    assert "candidate" not in clean
    assert clean.isascii()


def test_the_start_of_the_clock_goes_along_and_comes_back() -> None:
    offer = sdp.with_first_timestamp(BROWSER, 4_294_967_000)
    assert sdp.first_timestamp(offer) == 4_294_967_000
    assert sdp.first_timestamp(sdp.admit_offer(offer)) == 4_294_967_000
    audio = offer[offer.index("m=audio") : offer.index("m=application")]
    assert sdp.START_ATTRIBUTE in audio


def test_an_offer_without_it_has_no_known_start() -> None:
    assert sdp.first_timestamp(BROWSER) is None
    with pytest.raises(LocalProtocolError):
        sdp.with_first_timestamp("v=0\r\n", 1)


def test_voice_is_asked_for_once() -> None:
    wishes = Wishes(fec=True, bitrate_bps=32_000, rate_hz=24_000)
    asked = sdp.prefer_voice(BROWSER, wishes)
    assert asked.count("a=fmtp:111 ") == 1
    assert (
        "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=0;stereo=0;sprop-stereo=0"
        ";maxaveragebitrate=32000;maxplaybackrate=24000\r\n" in asked
    )
    assert "a=fmtp:63 111/111" in asked
    assert sdp.prefer_voice(asked, wishes) == asked


def test_large_events_are_welcome() -> None:
    small = BROWSER.replace("a=max-message-size:262144", "a=max-message-size:65536")
    assert "a=max-message-size:262144" in sdp.prefer_voice(small, Wishes())


def test_our_offer_names_no_address() -> None:
    posted = sdp.without_addresses(BROWSER)
    assert "203.0.113.7" not in posted
    assert "candidate" not in posted
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0" in posted


def test_an_answer_keeps_a_few_plain_candidates() -> None:
    usable = "".join(f"a=candidate:{i} 1 udp 1 192.0.2.{i} 5000 typ host\r\n" for i in range(1, 40))
    awkward = (
        "a=candidate:x 1 tcp 1 192.0.2.99 9 typ host\r\n"
        "a=candidate:y 1 udp 1 secret.local 9 typ host\r\n"
        "a=candidate:y 1 udp 1 relay.example.org 9 typ host\r\n"
        "a=candidate:z 1 udp 1 192.0.2.99 70000 typ host\r\n"
        "a=candidate:z 1 udp 1 192.0.2.99 0 typ host\r\n"
        "a=candidate:z 2 udp 1 192.0.2.99 9 typ host\r\n"
        "a=candidate:z 1 udp 1 999.0.2.99 9 typ host\r\n"
        "a=candidate:broken\r\n"
    )
    many = awkward + usable
    kept = sdp.admit_answer(BROWSER.replace("a=ice-ufrag", many + "a=ice-ufrag"))
    assert kept.count("a=candidate") == sdp.MAX_CANDIDATES
    for refused in (" tcp ", ".local", "example.org", "192.0.2.99", "999.", "broken"):
        assert refused not in kept


def test_an_answer_is_reduced_to_what_we_understand() -> None:
    kept = sdp.admit_answer(BROWSER)
    assert "a=candidate:1 1 udp 2113937151 203.0.113.7 50123 typ host" in kept
    assert "a=end-of-candidates" in kept
    for gone in ("extmap", "rtcp-fb", "ssrc", "fmtp", "red/"):
        assert gone not in kept
    assert sdp.admit_answer(kept) == kept


def test_an_answer_that_takes_no_audio_is_refused() -> None:
    rejected = BROWSER.replace("m=audio 50123", "m=audio 0")
    with pytest.raises(RemoteProtocolError, match="it rejects the audio section"):
        sdp.admit_answer(rejected)


def test_the_agreed_channel_survives_the_gate_and_must_be_the_one_we_know() -> None:
    ours = sdp.with_channel(BROWSER)
    assert sdp.agrees_on_channel(sdp.admit_offer(ours))
    assert sdp.agrees_on_channel(sdp.admit_answer(ours))
    assert not sdp.agrees_on_channel(BROWSER)
    with pytest.raises(RemoteProtocolError, match="edgevoice-channel"):
        sdp.admit_offer(ours.replace("edgevoice-channel:0", "edgevoice-channel:7"))
    with pytest.raises(LocalProtocolError):
        sdp.with_channel("v=0\r\n")


@pytest.mark.parametrize(
    "answer", ["", "<html>", "v=0\r\n" + "a=x\r\n" * 500, "v=0" + "x" * 20_000]
)
def test_an_answer_that_is_none_is_refused(answer: str) -> None:
    with pytest.raises(RemoteProtocolError, match="relay's answer"):
        sdp.admit_answer(answer)
