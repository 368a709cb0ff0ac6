"""What session.update does to a session, told as before and after."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.session import (
    AudioFormat,
    NoiseReduction,
    SemanticVad,
    ServerVad,
    Session,
    SessionPatch,
    Transcription,
    TurnDetectionPatch,
    merge,
)

TOOL = {"type": "function", "name": "set_timer"}
BUSY = merge(
    Session(id="sess_1", model="gpt-realtime-2.1"),
    {
        "instructions": "Be brief.",
        "tools": [TOOL],
        "tool_choice": "required",
        "max_output_tokens": 100,
        "tracing": "auto",
        "audio": {
            "input": {
                "noise_reduction": {"type": "far_field", "strength": 0.5},
                "transcription": {"model": "whisper", "language": "en"},
                "turn_detection": {"type": "server_vad", "silence_duration_ms": 900},
            },
            "output": {"voice": "marin", "speed": 1.2},
        },
    },
)


def detecting(patch: TurnDetectionPatch | None, session: Session = BUSY) -> object:
    return merge(
        session, {"audio": {"input": {"turn_detection": patch}}}
    ).audio.input.turn_detection


def test_the_defaults_are_openais() -> None:
    vad = Session().audio.input.turn_detection
    assert vad == ServerVad(
        threshold=0.5,
        prefix_padding_ms=300,
        silence_duration_ms=500,
        idle_timeout_ms=None,
        create_response=True,
        interrupt_response=True,
    )
    assert Session().output_modalities == ("audio",)


def test_the_effective_session_is_written_whole() -> None:
    written = msgspec.json.decode(msgspec.json.encode(Session()))
    assert written["audio"]["input"]["turn_detection"]["interrupt_response"] is True
    assert written["audio"]["input"]["transcription"] is None
    assert written["audio"]["output"]["voice"] == "alloy"
    assert written["tools"] == []


def test_nothing_asked_nothing_changed() -> None:
    assert merge(BUSY, {}) == BUSY
    assert merge(BUSY, {"type": "realtime", "audio": {"input": {}, "output": {}}}) == BUSY


def test_merging_leaves_both_as_they_were() -> None:
    before, patch = msgspec.json.encode(BUSY), SessionPatch(audio={"output": {"voice": "ash"}})
    assert merge(BUSY, patch).audio.output.voice == "ash"
    assert msgspec.json.encode(BUSY) == before
    assert patch == {"audio": {"output": {"voice": "ash"}}}


def test_one_deep_key_leaves_its_neighbours() -> None:
    after = merge(BUSY, {"audio": {"output": {"speed": 0.8}}})
    assert after.audio.output.voice == "marin"
    assert after.audio.input == BUSY.audio.input
    assert after.instructions == "Be brief."


@pytest.mark.parametrize(
    ("patch", "field", "cleared"),
    [
        ({"instructions": ""}, "instructions", ""),
        ({"instructions": None}, "instructions", ""),
        ({"tools": []}, "tools", ()),
        ({"tools": None}, "tools", ()),
        ({"tool_choice": None}, "tool_choice", "auto"),
        ({"max_output_tokens": None}, "max_output_tokens", "inf"),
        ({"tracing": None}, "tracing", None),
        ({"output_modalities": []}, "output_modalities", ("audio",)),
        ({"audio": None}, "audio", Session().audio),
    ],
)
def test_null_and_empty_clear(patch: SessionPatch, field: str, cleared: object) -> None:
    assert getattr(merge(BUSY, patch), field) == cleared


def test_null_turns_hearing_aids_off() -> None:
    after = merge(BUSY, {"audio": {"input": {"noise_reduction": None, "transcription": None}}})
    assert after.audio.input.noise_reduction is None
    assert after.audio.input.transcription is None
    assert after.audio.input.turn_detection == BUSY.audio.input.turn_detection


def test_noise_reduction_and_transcription_merge() -> None:
    after = merge(
        BUSY,
        {
            "audio": {
                "input": {
                    "noise_reduction": {"type": "near_field"},
                    "transcription": {"language": "de"},
                }
            }
        },
    )
    assert after.audio.input.noise_reduction == NoiseReduction("near_field", 0.5)
    assert after.audio.input.transcription == Transcription(model="whisper", language="de")


def test_a_format_is_replaced_whole() -> None:
    after = merge(BUSY, {"audio": {"input": {"format": {"type": "audio/pcmu"}}}})
    assert after.audio.input.format == AudioFormat("audio/pcmu")


def test_null_turns_turn_detection_off_and_a_patch_on_again() -> None:
    off = merge(BUSY, {"audio": {"input": {"turn_detection": None}}})
    assert off.audio.input.turn_detection is None
    assert merge(off, {"instructions": "x"}).audio.input.turn_detection is None
    assert detecting({"threshold": 0.7}, off) == ServerVad(threshold=0.7)


def test_the_same_turn_detection_merges() -> None:
    same = detecting({"type": "server_vad", "threshold": 0.7})
    assert same == ServerVad(threshold=0.7, silence_duration_ms=900)
    assert detecting({"threshold": 0.7}) == same
    assert detecting({"silence_duration_ms": None}) == ServerVad()


def test_another_turn_detection_starts_from_its_defaults() -> None:
    semantic = detecting({"type": "semantic_vad"})
    assert semantic == SemanticVad(eagerness="auto", create_response=True, interrupt_response=True)
    assert detecting({"type": "semantic_vad", "eagerness": "high"}) == SemanticVad(eagerness="high")


def test_switches_do_not_carry_over_to_another_turn_detection() -> None:
    deaf = merge(BUSY, {"audio": {"input": {"turn_detection": {"interrupt_response": False}}}})
    assert detecting({"threshold": 0.9}, deaf) == ServerVad(
        threshold=0.9, silence_duration_ms=900, interrupt_response=False
    )
    assert detecting({"type": "semantic_vad"}, deaf) == SemanticVad()


def test_an_empty_voice_is_the_default_one() -> None:
    assert merge(BUSY, {"audio": {"output": {"voice": ""}}}).audio.output.voice == "alloy"


def test_a_custom_voice_is_read_back_as_text() -> None:
    after = merge(BUSY, {"audio": {"output": {"voice": {"id": "voice_7"}}}})
    assert after.audio.output.voice == "voice_7"


def test_model_and_id_are_fixed() -> None:
    patch: Any = {"model": "gpt-realtime", "id": "sess_2", "expires_at": 5, "object": "x"}
    assert merge(BUSY, patch) == BUSY
    assert merge(Session(), {"model": "local"}).model == "local"


def test_what_openai_adds_is_no_trouble() -> None:
    patch: Any = {"aroma": "coffee", "audio": {"input": {"taste": 1}, "haptics": {}}}
    assert merge(BUSY, patch) == BUSY


@pytest.mark.parametrize(
    ("patch", "path"),
    [
        ({"audio": {"input": {"turn_detection": {"type": "telepathy"}}}}, "turn_detection.type"),
        ({"audio": {"input": {"transcription": {"model": 5}}}}, "transcription.model"),
        ({"audio": {"output": {"voice": {}}}}, "output.voice"),
        ({"audio": {"input": {"format": {"rate": 8000}}}}, "input.format"),
    ],
)
def test_a_wrong_update_names_the_path(patch: Any, path: str) -> None:
    with pytest.raises(RemoteProtocolError, match=path):
        merge(BUSY, patch)


ANYTHING = st.none() | st.integers(-2, 2) | st.sampled_from(["", "x", "inf", "server_vad"])
KEYS = st.sampled_from(
    ["type", "audio", "input", "output", "turn_detection", "voice", "tools", "threshold", "tracing"]
)
PATCHES = st.dictionaries(
    KEYS,
    st.recursive(
        ANYTHING,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@given(PATCHES)
def test_any_update_gives_a_session_or_a_complaint(patch: Any) -> None:
    try:
        after = merge(BUSY, patch)
    except RemoteProtocolError:
        return
    assert merge(after, patch) == after
