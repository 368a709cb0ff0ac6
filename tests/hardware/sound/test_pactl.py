"""What pactl prints, as read: for machines, for people, and damaged."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.hardware.sound.pactl import Playing, from_json, from_text
from tests.pulse import PLAYERS, Pulse

JSON = """[{"index":4,"driver":"protocol-native.c","client":"1","mute":false,
"volume":{"front-left":{"value":65536,"value_percent":"100%","db":"0.00 dB"},
"front-right":{"value":60000,"value_percent":"92%","db":"-2.30 dB"}},"balance":0.00,
"properties":{"application.name":"Music","application.process.id":"4711",
"module-stream-restore.id":"sink-input-by-application-name:Music"}},
{"index":5,"driver":"module-loopback.c","client":"n/a",
"volume":{"mono":{"value":65536}},"properties":{"media.role":"abstract"}}]"""

TEXT = """\
Sink Input #4
\tDriver: protocol-native.c
\tClient: 1
\tFormat: pcm, format.sample_format = "\\"s16le\\""  format.rate = "48000"
\tMute: no
\tVolume: front-left: 65536 / 100% / 0.00 dB,   front-right: 60000 /  92% / -2.30 dB
\t        balance -0.08
\tProperties:
\t\tapplication.name = "Music"
\t\tmedia.name = "A "quoted" title"
\t\tapplication.process.id = "4711"
\t\tmodule-stream-restore.id = "sink-input-by-application-name:Music"

Sink Input #5
\tDriver: module-loopback.c
\tClient: n/a
\tVolume: mono: 65536 / 100% / 0.00 dB
\tProperties:
\t\tmedia.role = "abstract"
"""

STREAMS = [
    Playing(4, "sink-input-by-application-name:Music", (65_536, 60_000), 4711),
    Playing(5, "", (65_536,), None),
]


def test_both_ways_of_printing_say_the_same() -> None:
    assert from_json(JSON) == from_text(TEXT) == STREAMS


def test_without_the_servers_own_name_the_program_is_the_owner() -> None:
    """PipeWire sets none."""
    bare = JSON.replace("module-stream-restore.id", "x")
    assert from_json(bare)[0].owner == "Music"


def test_nothing_plays() -> None:
    assert from_json("[]") == from_text("") == []


@pytest.mark.parametrize("text", ["", "{", "5", "[5]", '[{"index": 1}]', "null", '[{"volume": 1}]'])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        from_json(text)


def test_a_stream_without_loudness_has_none() -> None:
    """Compressed sound that is passed through to the amplifier."""
    assert from_text("Sink Input #9\n\tVolume: n/a\n")[0].volumes == ()


@given(st.text('Sink Iput#0123456789\n\tVolume: /="', max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    from_text(f"Sink Input #1{text}")


@pytest.mark.e2e
def test_both_ways_agree_on_a_real_server(pulse: Pulse) -> None:
    text = told("pactl", "list", "sink-inputs")
    assert len(from_text(text)) == PLAYERS
    assert from_text(text) == from_json(told("pactl", "--format=json", "list", "sink-inputs"))


def told(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
