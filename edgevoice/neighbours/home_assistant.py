"""How Home Assistant shows the board: one device message, and the state as JSON. Pure.

Format: MQTT device discovery (home-assistant.io/integrations/mqtt, since 2024.11). Mute is a
button and a sensor, not a switch: nothing remote can open the microphone again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from edgevoice.neighbours.happening import BUTTON, STATES, WAKE, latency_ms

PRESS = "PRESS"
COMMANDS = ("mute", "stop")
"""Of the board, each with a button."""
VOLUME_STEP = 5
EVENTS = (WAKE, BUTTON)


@dataclass(frozen=True, slots=True)
class Topics:
    """Everything the board says and hears, below one topic."""

    root: str

    @property
    def availability(self) -> str:
        return f"{self.root}/availability"

    @property
    def state(self) -> str:
        return f"{self.root}/state"

    @property
    def event(self) -> str:
        return f"{self.root}/event"

    def command(self, name: str) -> str:
        return f"{self.root}/{name}/set"


def discovery_topic(prefix: str, board_id: str) -> str:
    return f"{prefix}/device/edgevoice_{board_id}/config"


def device_message(
    board_id: str, name: str, model: str, version: str, to: Topics
) -> dict[str, Any]:
    """What Home Assistant needs to know, once."""
    components = {
        key: {"unique_id": f"edgevoice_{board_id}_{key}", **component}
        for key, component in _components(to).items()
    }
    return {
        "device": {
            "identifiers": [f"edgevoice_{board_id}"],
            "name": name,
            "manufacturer": "edgevoice",
            "model": model,
            "sw_version": version,
        },
        "origin": {"name": "edgevoice", "sw_version": version},
        "availability_topic": to.availability,
        "components": components,
    }


def _components(to: Topics) -> dict[str, dict[str, Any]]:
    return {
        "activity": {
            **_sensor(to, "state"),
            "name": "Activity",
            "device_class": "enum",
            "options": list(STATES.values()),
            "icon": "mdi:account-voice",
        },
        "heard": {
            "platform": "event",
            "name": "Woken",
            "state_topic": to.event,
            "event_types": list(EVENTS),
            "icon": "mdi:microphone-message",
        },
        "muted": {**_binary(to, "muted"), "name": "Muted", "icon": "mdi:microphone-off"},
        "mute": _button(to, "mute", "Mute", "mdi:microphone-off"),
        "stop": _button(to, "stop", "Stop", "mdi:stop"),
        "volume": {
            "platform": "number",
            "name": "Volume",
            "command_topic": to.command("volume"),
            "state_topic": to.state,
            "value_template": "{{ value_json.volume }}",
            "min": 0,
            "max": 100,
            "step": VOLUME_STEP,
            "unit_of_measurement": "%",
            "icon": "mdi:volume-high",
        },
        "latency": {
            **_sensor(to, "latency_ms"),
            "name": "Last latency",
            "device_class": "duration",
            "unit_of_measurement": "ms",
            "state_class": "measurement",
            "entity_category": "diagnostic",
        },
        "timers": {
            **_sensor(to, "timers"),
            "name": "Timers",
            "json_attributes_topic": to.state,
            "json_attributes_template": "{{ {'pending': value_json.pending} | tojson }}",
            "icon": "mdi:timer-outline",
        },
        "next_timer": {
            **_sensor(to, "next_timer"),
            "name": "Next timer",
            "device_class": "timestamp",
        },
        "ringing": {**_binary(to, "ringing"), "name": "Timer ringing", "icon": "mdi:timer-alert"},
        "microphone": {**_problem(to, "microphone_lost"), "name": "Microphone"},
        "speaker": {**_problem(to, "speaker_lost"), "name": "Loudspeaker"},
        "relay": {**_problem(to, "offline"), "name": "Relay"},
    }


def _sensor(to: Topics, field: str) -> dict[str, Any]:
    return {
        "platform": "sensor",
        "state_topic": to.state,
        "value_template": f"{{{{ value_json.{field} }}}}",
    }


def _binary(to: Topics, field: str) -> dict[str, Any]:
    return {
        "platform": "binary_sensor",
        "state_topic": to.state,
        "value_template": f"{{{{ 'ON' if value_json.{field} else 'OFF' }}}}",
    }


def _problem(to: Topics, field: str) -> dict[str, Any]:
    return {**_binary(to, field), "device_class": "problem", "entity_category": "diagnostic"}


def _button(to: Topics, name: str, told: str, icon: str) -> dict[str, Any]:
    return {
        "platform": "button",
        "name": told,
        "command_topic": to.command(name),
        "payload_press": PRESS,
        "icon": icon,
    }


def state_message(status: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """How the board is. What is unknown is null, which Home Assistant shows as unknown."""
    pending = [*_pending(status, now)]
    return {
        "state": _activity(status),
        "muted": status["muted"],
        "volume": status["volume"],
        "latency_ms": latency_ms(status.get("last_turn")),
        "timers": len(pending),
        "pending": pending,
        "next_timer": min((one["at"] for one in pending if one["at"]), default=None),
        "ringing": bool(status.get("ringing")),
        "microphone_lost": status["microphone"] == "lost",
        "speaker_lost": status["speaker"] == "lost",
        "offline": status["relay"] == "offline",
    }


def _pending(status: Mapping[str, Any], now: datetime) -> Iterator[dict[str, str | None]]:
    """Timers and alarms. One that is paused, or on a board without a clock, has no moment."""
    for timer in status.get("timers") or ():
        at = None if timer.get("paused") else _moment(now, timer["remaining_s"])
        yield {"name": timer["label"], "at": at}
    for alarm in status.get("alarms") or ():
        at = _moment(now, alarm["in_s"]) if "in_s" in alarm else None
        yield {"name": alarm["label"], "at": at}


def _activity(status: Mapping[str, Any]) -> str:
    told = {state.value: name for state, name in STATES.items()}
    return told.get(status["state"], "idle")


def _moment(now: datetime, in_s: float) -> str:
    """To the second, or every message would differ from the last."""
    return (now + timedelta(seconds=round(in_s))).replace(microsecond=0).isoformat()


def order(topic: str, payload: bytes, to: Topics) -> str | None:
    """The command of the board that a message asks for; None for what nobody sends."""
    for command in COMMANDS:
        if topic == to.command(command):
            return command if payload == PRESS.encode() else None
    if topic == to.command("volume"):
        return _volume(payload)
    return None


def _volume(payload: bytes) -> str | None:
    try:
        percent = float(payload)
    except ValueError:
        return None
    return f"volume {round(percent)}" if 0 <= percent <= 100 else None
