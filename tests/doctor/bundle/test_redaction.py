"""What the last line of defence takes out, and what it leaves."""

import pytest

from edgevoice.doctor.bundle.redaction import MARK, Redactor


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefgh1234",
        "ev_aXbXcXdXeXfXgXhX",
        "ek_0123456789abcdef",
        "dev_abcdefgh234567ab",
        "Bearer abc.def",
        "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJkZXYifQ.c2ln",
        "anna@example.org",
        "b8:27:eb:12:34:56",
        "192.168.178.20",
        "fe80::ba27:ebff:fe12:3456",
        "2001:db8::1",
        "kitchen-pi.local",
        "relay.fritz.box",
        "0123456789abcdef0123456789abcdef",
        "dGhpcyBpcyBhIHNlY3JldCB0aGF0IG5vYm9keSBzZWVz1",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----",
    ],
)
def test_secrets_and_addresses(secret: str) -> None:
    cleaned = Redactor().clean(f"before {secret} behind")
    assert secret not in cleaned and MARK in cleaned
    assert cleaned.startswith("before ") and cleaned.endswith(" behind")


@pytest.mark.parametrize(
    "text",
    [
        "edgevoice 0.1.0, Python 3.13.5, Linux 6.12.25+rpt-rpi-v8",
        "hw:CARD=seeed2micvoicec,DEV=0 answers within 12 ms at 127.0.0.1",
        "2026-11-30 17:27:39 UTC",
        "edgevoice.hardware.sound.watched_stream: lost after 3.2 s",
        "sudo edgevoice board use respeaker-2mic-v2",
        "dtoverlay=respeaker-2mic-v2_0 is in effect",
    ],
)
def test_what_helps_is_left(text: str) -> None:
    assert Redactor(["anna", "kitchen"]).clean(text) == text


def test_hosts_and_homes() -> None:
    cleaned = Redactor().clean("https://voice.example.org:8790 and /home/anna/x")
    assert cleaned == f"https://{MARK}:8790 and /home/{MARK}/x"


def test_names_as_words_in_small_and_capital_letters() -> None:
    cleaned = Redactor(["anna", "pi", ""]).clean("Anna's pi, savannah, ANNA")
    assert cleaned == f"{MARK}'s pi, savannah, {MARK}"
