"""The part of the configuration that is about whom the board tells of itself: `neighbours`.

Written as in `config.py`, which is where everybody else imports these from.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

HappeningName: TypeAlias = Literal[
    "wake_word_detected",
    "button_pressed",
    "connecting",
    "listening",
    "thinking",
    "tts_speaking",
    "idle",
    "turn_ended",
    "muted",
    "unmuted",
    "timer_ringing",
    "timer_stopped",
    "timer_missed",
    "missed_timer_told",
    "announcement",
    "announcement_over",
    "do_not_disturb",
    "disturb_again",
    "relay_lost",
    "relay_found",
    "microphone_lost",
    "microphone_found",
    "speaker_lost",
    "speaker_found",
]
"""What can happen; `neighbours/happening.py` tells it."""


@dataclass(frozen=True, slots=True)
class MqttConfig:
    url: str = ""
    """The broker, such as mqtt://homeassistant.local or mqtts://broker.lan:8883; empty: none."""
    username: str = ""
    """How the board is known there."""
    password_file: str = ""
    """File that holds the password; `$CREDENTIALS_DIRECTORY/mqtt` wins where it exists."""
    ca_file: str = ""
    """A private certificate authority to trust besides the system's, for mqtts."""
    name: str = ""
    """What Home Assistant calls the board; empty: the name of this machine."""
    discovery_prefix: str = "homeassistant"
    """Where Home Assistant looks for devices; empty: it is not told."""
    topic: str = "edgevoice"
    """All topics begin like that, followed by the board's number."""


@dataclass(frozen=True, slots=True)
class MetricsConfig:
    port: int = 0
    """Port of http://127.0.0.1/metrics, for this machine only; 0: none."""
    textfile: str = ""
    """File for the textfile collector of Prometheus' node exporter, such as /var/lib/edgevoice/edgevoice.prom; empty: none."""
    every_s: float = 15.0
    """How often that file is written."""


@dataclass(frozen=True, slots=True)
class HookConfig:
    on: tuple[HappeningName, ...] = ()
    """What it is run on; empty: everything."""
    command: tuple[str, ...] = ()
    """Program and arguments. It runs in the service's sandbox, learns what happened by EDGEVOICE_ variables, and by JSON on stdin."""
    time_limit_s: float = 10.0
    """Ended after this long."""


@dataclass(frozen=True, slots=True)
class NeighboursConfig:
    mqtt: MqttConfig = field(default_factory=MqttConfig)
    """Home Assistant and others by MQTT; needs `edgevoice[appliance]`."""
    metrics: MetricsConfig = field(default_factory=MetricsConfig)
    """Figures for Prometheus; needs `edgevoice[appliance]`."""
    hooks: tuple[HookConfig, ...] = ()
    """Programs that are run when something happens."""
    events_socket: str = ""
    """Unix socket, such as /run/edgevoice/events.sock, on which programs of the group read what happens, a JSON object a line; empty: none."""
