"""What an owner can set, as frozen dataclasses; `config/edgevoice.yaml` mirrors it.

Units live in the names. Every field has its default and a line of prose, which
`edgevoice config schema` prints. Reading files, merging them and finding
mistakes live in `config_file.py`.
"""

from dataclasses import dataclass, field
from typing import Literal

from edgevoice.config_controls import ButtonConfig as ButtonConfig
from edgevoice.config_controls import KeysConfig as KeysConfig
from edgevoice.config_controls import Meaning as Meaning
from edgevoice.config_controls import RotaryConfig as RotaryConfig
from edgevoice.config_hardware import EchoConfig as EchoConfig
from edgevoice.config_hardware import IndicatorConfig as IndicatorConfig
from edgevoice.config_hardware import LampConfig as LampConfig
from edgevoice.config_hardware import MicrophoneConfig as MicrophoneConfig
from edgevoice.config_hardware import SpeakerConfig as SpeakerConfig
from edgevoice.config_local import ChatConfig as ChatConfig
from edgevoice.config_local import LocalEngineConfig as LocalEngineConfig
from edgevoice.config_local import SttConfig as SttConfig
from edgevoice.config_local import TtsConfig as TtsConfig
from edgevoice.config_neighbours import HookConfig as HookConfig
from edgevoice.config_neighbours import MetricsConfig as MetricsConfig
from edgevoice.config_neighbours import MqttConfig as MqttConfig
from edgevoice.config_neighbours import NeighboursConfig as NeighboursConfig
from edgevoice.config_relay import DetectionConfig as DetectionConfig
from edgevoice.config_relay import LimitsConfig as LimitsConfig
from edgevoice.config_relay import McpConfig as McpConfig
from edgevoice.config_relay import McpServerConfig as McpServerConfig
from edgevoice.config_relay import PriceConfig as PriceConfig
from edgevoice.config_relay import RelayConfig as RelayConfig
from edgevoice.config_relay import UpstreamConfig as UpstreamConfig
from edgevoice.config_unasked import AnnouncementsConfig as AnnouncementsConfig
from edgevoice.config_unasked import QuietHoursConfig as QuietHoursConfig
from edgevoice.config_unasked import TimersConfig as TimersConfig


@dataclass(frozen=True, slots=True)
class WakeWordConfig:
    name: str = "alexa"
    """The phrase, as the relay may hear it; underscores stand for spaces."""
    engine: Literal["openwakeword", "microwakeword"] = "openwakeword"
    """What recognises it; microwakeword is for boards that cannot afford the other."""
    model: str = ""
    """An .onnx or .tflite file, or its name in `wake.folder`; empty: the installed one of that name."""
    threshold: float = 0.5
    """Score from 0 to 1 above which the phrase counts as said."""
    threshold_playing: float = 0.5
    """The same, while something is played."""
    consecutive: int = 1
    """So many scores in a row (80 ms each) must be above it."""
    confirm: Literal["none", "microwakeword"] = "none"
    """A second engine that must agree: fewer false wakes for some more work."""
    action: Literal["listen", "stop"] = "listen"
    """`stop` ends an answer or a ringing timer and begins nothing."""
    instructions: str = ""
    """Who the assistant is when woken by this word; empty: `link.instructions`."""
    voice: str = ""
    """The voice it then has; empty: the relay's default."""


@dataclass(frozen=True, slots=True)
class WakeConfig:
    words: tuple[WakeWordConfig, ...] = (WakeWordConfig(),)
    """The wake words listened for."""
    refractory_s: float = 2.0
    """After a detection, further detections are ignored for this long."""
    snooze_minutes: float = 5.0
    """After six wake words in ten minutes at which nobody spoke (a television), they are ignored for so long, or until the button is pressed; 0: never."""
    phrase_s: float = 1.2
    """Audio before the detection that is sent along, so that no following word is cut."""
    quiet_gate: bool = True
    """In a quiet room the models rest, and catch up when there may be speech."""
    folder: str = "/etc/edgevoice/wake"
    """Models of your own, looked for before the installed ones."""
    models_dir: str = ""
    """Where the models are; empty: where `scripts/setup` put them."""


@dataclass(frozen=True, slots=True)
class VadConfig:
    engine: Literal["silero", "earshot", "webrtc"] = "silero"
    """What decides about speech, behind webrtcvad as the first gate; earshot for small boards."""
    threshold: float = 0.5
    """Probability from 0 to 1 that counts as speech."""
    aggressiveness: int = 2
    """webrtcvad's mode, 0 (lets much through) to 3 (strict)."""
    start_s: float = 0.1
    """Speech this long counts as speech."""
    stop_s: float = 0.6
    """Silence this long ends it."""


@dataclass(frozen=True, slots=True)
class TurnConfig:
    connect_s: float = 5.0
    """Give up connecting to the relay after this long."""
    reconnect_s: float = 15.0
    """When the link breaks within a session, try this long to go on with it; 0: hang up at once."""
    cue_s: float = 1.5
    """If the relay is not there this long after waking, say so (light and sound) and go on trying."""
    no_speech_s: float = 6.0
    """After waking, wait this long for the first word."""
    follow_up_s: float = 8.0
    """After an answer, listen this long without a wake word; 0 turns it off."""
    think_s: float = 20.0
    """Wait this long for an answer to begin."""
    idle_s: float = 30.0
    """Close a session in which nothing was said or heard for this long."""
    session_s: float = 300.0
    """Close a session after this long, whatever happens in it."""
    minutes_per_day: float = 120.0
    """Session minutes allowed per day (24 h from the first); 0: no limit."""
    barge_in: bool = True
    """Speaking during an answer stops it. Wants an echo canceller or headphones, or the assistant interrupts itself. Off: the wake word and the button still do, and what is said over an answer is not heard."""


@dataclass(frozen=True, slots=True)
class ContextConfig:
    keep_minutes: float = 10.0
    """How long the conversation is remembered after a session; 0: forget at once."""
    keep: Literal["process", "restart", "reboot"] = "restart"
    """What it outlives: nothing, a restart of the program (in memory only), or of the board (on its card)."""
    max_items: int = 100
    """Oldest items are dropped beyond this number."""
    max_bytes: int = 65_536
    """Oldest items are dropped beyond this much text."""


@dataclass(frozen=True, slots=True)
class FallbackConfig:
    url: str = ""
    """Another relay, without the /v1 path."""
    token_file: str = ""
    """File that holds the bearer token for it; each relay has its own."""
    ca_file: str = ""
    """A private certificate authority to trust besides the system's."""
    model: str = ""
    """Model asked for there; empty: that relay's default."""


@dataclass(frozen=True, slots=True)
class LinkConfig:
    url: str = "http://127.0.0.1:8790"
    """The relay (or any OpenAI-compatible Realtime server) without the /v1 path."""
    token_file: str = "/etc/edgevoice/token"
    """File that holds the bearer token; `$CREDENTIALS_DIRECTORY/token` wins where it exists."""
    key_file: str = "/var/lib/edgevoice/device.key"
    """The board's own key, which `edgevoice pair` makes; used where there is no token. `$CREDENTIALS_DIRECTORY/device.key` wins where it exists."""
    ca_file: str = ""
    """A private certificate authority to trust besides the system's."""
    model: str = ""
    """Model asked for; empty: the relay's default."""
    instructions: str = ""
    """What the assistant is told to be; empty: the relay's default."""
    board_card: str = "/run/edgevoice-relay/board.json"
    """By this file a relay on this board is found, the last resort when no other answers; empty: never."""
    fallbacks: tuple[FallbackConfig, ...] = ()
    """Called in this order when the relay above cannot be reached."""
    transport: Literal["auto", "webrtc", "websocket"] = "auto"
    """How sound travels; auto: over UDP (WebRTC), and over a WebSocket where the network blocks it."""
    speculative_connect: bool = False
    """Connect already when the wake word may have begun; no audio is sent, but the relay learns of it."""
    warm_standby: bool = False
    """Keep a session open all the time; no audio is sent in it, but the relay knows that this board is on."""
    renew_s: float = 3_300.0
    """A session this old is renewed without a gap (OpenAI ends one after an hour)."""
    direct: bool = False
    """Talk to the server behind the relay itself, with a secret for one call that the relay gets from it (`relay.upstream`)."""
    direct_url: str = "https://api.openai.com"
    """That server, without the /v1 path; the same as `relay.upstream.url` there."""
    first_turn: Literal["auto", "media"] = "auto"
    """How others than an edgevoice relay are sent the first turn, in which what was said while connecting is late: auto as data, all of it; media as sound, which comes faster than it was spoken, and they may play it faster."""


@dataclass(frozen=True, slots=True)
class MediaConfig:
    bitrate_bps: int = 24_000
    """Opus, what is sent: 24 to 32 kb/s are plenty for speech."""
    complexity: int = 3
    """Opus' effort, 0 to 10; small boards want less."""
    fec: bool = True
    """Each packet carries a coarse copy of the one before, which mends single losses."""
    dtx: bool = False
    """Send next to nothing while nobody speaks."""
    jitter_min_ms: int = 20
    """Least waiting time of received sound, against the network's unsteadiness."""
    jitter_max_ms: int = 60
    """Most of it."""


@dataclass(frozen=True, slots=True)
class SoundsConfig:
    chime: bool = True
    """A short sound on waking, played while capture goes on."""
    errors: bool = True
    """A low sound when something fails."""
    spoken_errors: bool = True
    """And a sentence that says what; it is kept on the board."""


@dataclass(frozen=True, slots=True)
class RecordingConfig:
    enabled: bool = False
    """Keep the sound of the last turns on this board, to look into trouble; `edgevoice record` switches it, too."""
    turns: int = 5
    """So many of them."""


@dataclass(frozen=True, slots=True)
class ControlConfig:
    socket: str = "/run/edgevoice/control.sock"
    """Unix socket of `edgevoice status`, `mute`, `wake`, `stop`, `volume`, `listen`."""
    state_dir: str = "/var/lib/edgevoice"
    """Where mute, volume and the privacy log survive a reboot; $STATE_DIRECTORY wins where it is set."""


@dataclass(frozen=True, slots=True)
class Config:
    board: str = "none"
    """Board profile (`edgevoice/boards/*.yaml`): settings that fit a known board."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is logged. What was said is logged at debug only."""
    log_format: Literal["text", "json"] = "text"
    """Lines for people (under systemd: the journal, with fields such as EDGEVOICE_SESSION), or JSON for programs."""
    microphone: MicrophoneConfig = field(default_factory=MicrophoneConfig)
    """The ear."""
    speaker: SpeakerConfig = field(default_factory=SpeakerConfig)
    """The mouth."""
    echo: EchoConfig = field(default_factory=EchoConfig)
    """Not hearing itself."""
    wake: WakeConfig = field(default_factory=WakeConfig)
    """The wake words."""
    vad: VadConfig = field(default_factory=VadConfig)
    """Speech detection on the device."""
    turn: TurnConfig = field(default_factory=TurnConfig)
    """Patience and limits of a conversation."""
    context: ContextConfig = field(default_factory=ContextConfig)
    """What is remembered between sessions."""
    link: LinkConfig = field(default_factory=LinkConfig)
    """The way to the relay."""
    media: MediaConfig = field(default_factory=MediaConfig)
    """Sound on its way over the network."""
    button: ButtonConfig = field(default_factory=ButtonConfig)
    """The button."""
    rotary: RotaryConfig = field(default_factory=RotaryConfig)
    """A knob for the volume."""
    keys: KeysConfig = field(default_factory=KeysConfig)
    """Keys of other devices: a speakerphone's, a remote's."""
    indicator: IndicatorConfig = field(default_factory=IndicatorConfig)
    """The light."""
    lamps: tuple[LampConfig, ...] = ()
    """What can be switched by voice."""
    sounds: SoundsConfig = field(default_factory=SoundsConfig)
    """Chimes, and what is said when something fails."""
    timers: TimersConfig = field(default_factory=TimersConfig)
    """Timers and alarms."""
    quiet_hours: QuietHoursConfig = field(default_factory=QuietHoursConfig)
    """Do not disturb."""
    announcements: AnnouncementsConfig = field(default_factory=AnnouncementsConfig)
    """What the relay's owner lets this board say."""
    recording: RecordingConfig = field(default_factory=RecordingConfig)
    """Sound of the last turns, kept on this board."""
    control: ControlConfig = field(default_factory=ControlConfig)
    """Talking to the running daemon."""
    neighbours: NeighboursConfig = field(default_factory=NeighboursConfig)
    """Whom the board tells of itself; nobody, unless asked to."""
    relay: RelayConfig = field(default_factory=RelayConfig)
    """`edgevoice relay`; not used by the device."""
