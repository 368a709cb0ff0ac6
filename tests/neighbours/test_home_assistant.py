from datetime import UTC, datetime

import pytest

from edgevoice.neighbours.home_assistant import (
    Topics,
    device_message,
    discovery_topic,
    order,
    state_message,
)
from tests.neighbours.board import STATUS

TO = Topics("edgevoice/0123")
NOW = datetime(2026, 11, 30, 7, 0, 0, 500_000, tzinfo=UTC)


def test_the_device_message_is_complete() -> None:
    """Required by Home Assistant: origin, identifiers, and of each component platform and id."""
    message = device_message("0123", "kitchen", "Pi", "1.0", TO)
    assert message["origin"]["name"] == "edgevoice"
    assert message["device"]["identifiers"] == ["edgevoice_0123"]
    ids = [component["unique_id"] for component in message["components"].values()]
    assert len(set(ids)) == len(ids)
    assert all("platform" in component for component in message["components"].values())
    assert discovery_topic("homeassistant", "0123") == "homeassistant/device/edgevoice_0123/config"


def test_every_value_that_is_shown_is_in_the_state() -> None:
    state = state_message(STATUS, NOW)
    for component in device_message("0123", "kitchen", "Pi", "1.0", TO)["components"].values():
        template = component.get("value_template")
        if template:
            field = template.split("value_json.")[1].split()[0]
            assert field in state


def test_nothing_that_is_offered_opens_the_microphone() -> None:
    components = device_message("0123", "kitchen", "Pi", "1.0", TO)["components"]
    obeyed = {name for name, c in components.items() if "command_topic" in c}
    assert obeyed == {"mute", "stop", "volume"}


@pytest.mark.parametrize(
    ("topic", "payload", "command"),
    [
        ("edgevoice/0123/mute/set", b"PRESS", "mute"),
        ("edgevoice/0123/stop/set", b"PRESS", "stop"),
        ("edgevoice/0123/volume/set", b"40", "volume 40"),
        ("edgevoice/0123/volume/set", b"40.0", "volume 40"),
        ("edgevoice/0123/volume/set", b"nan", None),
        ("edgevoice/0123/volume/set", b"101", None),
        ("edgevoice/0123/volume/set", b"-1", None),
        ("edgevoice/0123/volume/set", b"+10; unmute", None),
        ("edgevoice/0123/mute/set", b"OFF", None),
        ("edgevoice/0123/unmute/set", b"PRESS", None),
        ("edgevoice/0123/wake/set", b"PRESS", None),
        ("edgevoice/9999/mute/set", b"PRESS", None),
    ],
)
def test_orders(topic: str, payload: bytes, command: str | None) -> None:
    assert order(topic, payload, TO) == command


def test_the_state_of_an_idle_board() -> None:
    state = state_message(STATUS, NOW)
    assert (state["state"], state["muted"], state["volume"]) == ("idle", False, 70)
    assert (state["latency_ms"], state["timers"], state["next_timer"]) == (None, 0, None)


def test_timers_and_alarms_are_told_by_their_moment() -> None:
    timers = [
        {"label": "pasta", "remaining_s": 60},
        {"label": "tea", "remaining_s": 30.2},
        {"label": "egg", "remaining_s": 10, "paused": True},
    ]
    alarms = [{"label": "alarm", "time": "07:30", "in_s": 1_799.6}, {"label": "clockless"}]
    told = {"timers": timers, "alarms": alarms, "ringing": ["bread"]}
    state = state_message(STATUS | told, NOW)
    assert state["timers"] == 5
    assert state["next_timer"] == "2026-11-30T07:00:30+00:00"
    assert {one["name"]: one["at"] for one in state["pending"]} == {
        "pasta": "2026-11-30T07:01:00+00:00",
        "tea": "2026-11-30T07:00:30+00:00",
        "egg": None,
        "alarm": "2026-11-30T07:30:00+00:00",
        "clockless": None,
    }
    assert state["ringing"]


def test_what_is_missing_is_a_problem() -> None:
    state = state_message(STATUS | {"microphone": "lost", "relay": "offline"}, NOW)
    assert (state["microphone_lost"], state["speaker_lost"], state["offline"]) == (
        True,
        False,
        True,
    )
