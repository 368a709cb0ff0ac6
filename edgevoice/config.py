"""What an owner can set, as frozen dataclasses; `config/edgevoice.yaml` mirrors it.

Units live in the names. Every field has its default and a line of prose, which
`edgevoice config schema` prints. Reading files, merging them and finding
mistakes live in `config_file.py`.
"""

from dataclasses import dataclass, field
from typing import Literal

from edgevoice.config_local import ChatConfig as ChatConfig
from edgevoice.config_local import LocalEngineConfig as LocalEngineConfig
from edgevoice.config_local import SttConfig as SttConfig
from edgevoice.config_local import TtsConfig as TtsConfig


@dataclass(frozen=True, slots=True)
class MicrophoneConfig:
    backend: Literal["portaudio", "wav", "silence"] = "portaudio"
    """Where samples come from: a sound card, a WAV file played once, or silence."""
    device: str = "default"
    """A name that `edgevoice devices` lists, or a part of one (`hw:CARD=seeed`, `pulse:NAME`); or the WAV file's path."""
    rate_hz: Literal[0, 16000, 44100, 48000] = 0
    """Rate the card captures at; 0: 16000 where it can, else its own. Always heard at 16 kHz."""
    channel: int = 1
    """Which of the card's channels is heard, counted from 1."""
    period_ms: Literal[5, 10, 20] = 10
    """Length of the card's blocks: shorter reacts faster, longer is easier on a busy board."""
    gain_db: float = 0.0
    """Added to what the card delivers; `edgevoice doctor --audio` proposes a value."""
    zeros_lost_s: float = 1.0
    """Exact zeros for this long mean that the microphone is dead; 0: never (it gates its noise)."""
    ring_s: float = 30.0
    """How much captured audio is kept in memory; nothing is written to disk."""


@dataclass(frozen=True, slots=True)
class SpeakerConfig:
    backend: Literal["portaudio", "wav", "null"] = "portaudio"
    """Where answers go: a sound card, a WAV file, or nowhere (at the right speed)."""
    device: str = "default"
    """The same for the loudspeaker. One card for both runs on one clock."""
    rate_hz: Literal[16000, 24000, 48000] = 48000
    """Rate at which answers are decoded and played."""
    period_ms: Literal[5, 10, 20] = 10
    """Length of the card's blocks; on one card for both the shorter of the two."""
    volume_percent: int = 70
    """Loudness, 0 to 100, until somebody asks for another, which is remembered."""
    mixer: str = ""
    """Control of the card's own mixer that sets the volume, such as `Speaker`; empty: in software."""
    duck_others: bool = False
    """Lower what other programs play during a conversation (PulseAudio or PipeWire)."""
    dither: bool = False
    """Never play exact zeros: for amplifiers that fall asleep and clip the first syllable."""


@dataclass(frozen=True, slots=True)
class EchoConfig:
    canceller: Literal["software", "hardware", "none"] = "software"
    """What keeps the loudspeaker out of what is heard: edgevoice, the sound card, or nothing."""
    delay_ms: int = 0
    """From playing to hearing it at the earliest; `edgevoice doctor --audio` measures it."""
    tail_ms: int = 200
    """How long the room goes on sounding; longer costs more."""
    noise_suppression: Literal["off", "low", "moderate", "high"] = "off"
    """Takes steady noise off what is sent, if the canceller is software. Never off what the wake word hears."""


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
    """Speaking during an answer stops it. Wants an echo canceller or headphones, or the assistant interrupts itself. Off: the wake word and the button still do."""


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
    """The board's own key, which `edgevoice pair` makes; used where there is no token."""
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
class ButtonConfig:
    pin: int | None = None
    """BCM number of the button's pin; none: no button."""
    louder_pin: int | None = None
    """BCM number of a button that raises the volume by 10 %; none: no such button."""
    softer_pin: int | None = None
    """The same, and lowers it."""
    pull_up: bool = True
    """The buttons connect their pins to ground."""
    bounce_s: float = 0.03
    """Shorter presses are contact bounce."""
    stuck_s: float = 10.0
    """Held this long, the button counts as stuck and is ignored until released."""


@dataclass(frozen=True, slots=True)
class IndicatorConfig:
    kind: Literal["console", "led", "rgb", "none"] = "console"
    """What shows the state: lines on the console, one LED, an RGB LED, or nothing."""
    pins: tuple[int, ...] = ()
    """BCM numbers: one for `led`, red, green and blue for `rgb`."""
    required: bool = False
    """Refuse to send audio when the indicator does not work."""


@dataclass(frozen=True, slots=True)
class LampConfig:
    name: str = "lamp"
    """What it is called when spoken to."""
    pin: int = 22
    """BCM number of the output pin."""
    active_high: bool = True
    """A high level switches it on."""


@dataclass(frozen=True, slots=True)
class SoundsConfig:
    chime: bool = True
    """A short sound on waking, played while capture goes on."""
    errors: bool = True
    """A low sound when something fails."""
    spoken_errors: bool = True
    """And a sentence that says what; it is kept on the board."""


@dataclass(frozen=True, slots=True)
class ControlConfig:
    socket: str = "/run/edgevoice/control.sock"
    """Unix socket of `edgevoice status`, `mute`, `wake`, `stop`, `volume`, `listen`."""
    state_dir: str = "/var/lib/edgevoice"
    """Where mute, volume and the privacy log survive a reboot; $STATE_DIRECTORY wins where it is set."""


@dataclass(frozen=True, slots=True)
class DetectionConfig:
    mode: Literal["server_vad", "semantic_vad"] = "semantic_vad"
    """What ends a turn: silence, or a network that hears whether somebody has finished. Without its model, or on a machine too slow for it, silence does."""
    eagerness: Literal["low", "medium", "high", "auto"] = "high"
    """With semantic_vad: wait 8, 4, 2 or 4 s for somebody who does not sound finished."""
    vad: Literal["silero", "webrtc"] = "silero"
    """What tells speech from noise."""
    threshold: float = 0.5
    """Activation threshold, 0 to 1; clients may change it per session."""
    prefix_padding_ms: int = 300
    """Audio before the first speech that belongs to the turn."""
    silence_duration_ms: int = 500
    """Silence that ends a turn, with server_vad."""


@dataclass(frozen=True, slots=True)
class LimitsConfig:
    sessions: int = 16
    """Live sessions at a time."""
    sessions_per_token: int = 1
    """Live sessions per token or device; a new one takes the place of the oldest."""
    starts_per_minute: int = 12
    """Calls per minute and token or device."""
    idle_s: float = 60.0
    """Hang up when nothing was said either way for this long."""
    session_s: float = 3600.0
    """Hang up after this long."""
    hold_s: float = 30.0
    """Keep a session whose connection broke for this long, for its device to come back; 0: never."""
    minutes_per_day: float = 240.0
    """Session minutes per token or device and day; 0: no limit."""
    cost_per_day_usd: float = 0.0
    """What the answers to a token or device may cost in a day (`relay.prices`); 0: no limit."""
    sdp_bytes: int = 16_384
    """Largest offer accepted."""
    event_bytes: int = 262_144
    """Largest event accepted."""
    append_bytes: int = 15_728_640
    """Largest piece of sound accepted in one event from clients that send it by WebSocket; as OpenAI has it."""
    events_per_s: int = 200
    """Events per second accepted from one client."""


@dataclass(frozen=True, slots=True)
class PriceConfig:
    """US dollars per million tokens. The defaults are the dearest seen for these models in November 2026."""

    model: str = "gpt-realtime"
    """Models whose name begins like that; the longest that fits counts."""
    text_in_usd: float = 4.0
    """Words in."""
    audio_in_usd: float = 32.0
    """Sound in."""
    cached_in_usd: float = 0.4
    """What had been read before, words and sound."""
    text_out_usd: float = 16.0
    """Words out."""
    audio_out_usd: float = 64.0
    """Sound out."""


@dataclass(frozen=True, slots=True)
class UpstreamConfig:
    url: str = "https://api.openai.com"
    """An OpenAI-compatible Realtime server, without the /v1 path."""
    key_file: str = ""
    """File that holds its API key; `$CREDENTIALS_DIRECTORY/openai` wins where it exists. Neither: no upstream."""
    model: str = "gpt-realtime-2.1-mini"
    """The model of every session, whatever a device asks for."""
    instructions: str = ""
    """What the assistant is told to be, unless the device says so; empty: the server's default."""
    voice: str = ""
    """Its voice, unless the device names one; empty: the server's default."""
    transcription_model: str = "gpt-realtime-whisper"
    """Writes down what the user says, or another brain could not go on with it; empty: not written down."""
    secret_s: int = 60
    """A client secret opens sessions for at most this long; a session outlives it."""
    mode: Literal["terminator", "broker"] = "terminator"
    """With `engine: openai`. `terminator`: sound passes this relay, and another brain can go on in mid-conversation; `broker`: devices and server talk directly."""
    fallback: Literal["local", "none"] = "local"
    """What answers while the server cannot; `none`: nobody."""
    stall_s: float = 8.0
    """A server that owes an answer and says nothing for this long is given up."""
    renew_s: float = 3_300.0
    """A session at the server this old is followed by another one, in a pause (OpenAI ends one after an hour)."""


@dataclass(frozen=True, slots=True)
class McpServerConfig:
    name: str = ""
    """What it is called: a word that clients may name as `server_label`."""
    url: str = ""
    """Where it is, such as http://homeassistant.local:8123/api/mcp; empty: `command` starts it here."""
    transport: Literal["http", "sse"] = "http"
    """How the URL is spoken to: streamable HTTP, or what came before it."""
    command: tuple[str, ...] = ()
    """Program and arguments of a server that the relay runs and talks to by stdin and stdout."""
    environment: tuple[str, ...] = ()
    """Variables of the relay that the program gets too, by name; it has PATH, HOME and LANG."""
    token_file: str = ""
    """File that holds the bearer token for the URL."""
    headers: tuple[str, ...] = ()
    """Further headers for the URL, `Name: value` each; what is secret belongs into the file above."""
    ca_file: str = ""
    """A private certificate authority to trust besides the system's."""
    allowed_tools: tuple[str, ...] = ()
    """Those of its tools that may be used; empty: all of them."""
    devices: tuple[str, ...] = ()
    """The callers that may use them: names of tokens, ids of devices; empty: all."""
    time_limit_s: float = 10.0
    """Give up a call after this long."""
    confirm: Literal["risky", "always", "never"] = "risky"
    """When the user is asked first; risky: unless the server says that a tool only reads, or destroys nothing."""
    confirm_tools: tuple[str, ...] = ()
    """Tools before which the user is asked in any case."""
    confirm_words: tuple[str, ...] = ()
    """Words in the arguments of a call before which the user is asked in any case, such as the names of doors."""


@dataclass(frozen=True, slots=True)
class McpConfig:
    servers: tuple[McpServerConfig, ...] = ()
    """Programs with tools (Model Context Protocol) that the relay runs for those who call it; needs `edgevoice[mcp]`."""


@dataclass(frozen=True, slots=True)
class RelayConfig:
    host: str = "127.0.0.1"
    """Address the HTTP server listens on."""
    port: int = 8790
    """Its port; 0 picks a free one and prints it."""
    media_host: str = ""
    """Address for the media (UDP) sockets; empty: the one the request came to."""
    tokens_file: str = "/etc/edgevoice/tokens"
    """One `name:sha256-of-the-token` per line; `edgevoice relay token NAME` makes one."""
    store: Literal["sqlite", "memory"] = "sqlite"
    """Where devices, secrets and what was used are kept; `memory` forgets them with the program."""
    state_dir: str = "/var/lib/edgevoice-relay"
    """The folder of the SQLite file; $STATE_DIRECTORY wins where it is set."""
    admin_token_file: str = ""
    """File with the token that opens /metrics and /live to other machines; empty: to this one only, if no proxy is in front."""
    tls_cert: str = ""
    """Certificate chain (PEM); empty: plain HTTP, allowed on loopback or behind a proxy only."""
    tls_key: str = ""
    """Its private key."""
    tls_ca: str = ""
    """Certificate of the private authority (PEM) that devices pin when they are paired; empty: they trust what the system trusts."""
    behind_proxy: bool = False
    """Plain HTTP on other addresses than loopback, because a proxy in front speaks TLS."""
    pairing: bool = True
    """Devices may ask to be paired; each waits until its owner approves it here."""
    engine: Literal["local", "parrot", "openai"] = "local"
    """What answers; `openai`: the server of `upstream`."""
    context_minutes: float = 60.0
    """How long a device's conversation is held (in memory) after its session; 0: not at all."""
    models_dir: str = ""
    """Where the models are; empty: where `scripts/setup` put them."""
    local: LocalEngineConfig = field(default_factory=LocalEngineConfig)
    """The engine that needs no account and no internet."""
    upstream: UpstreamConfig = field(default_factory=UpstreamConfig)
    """The server behind this relay: for `engine: openai`, and for devices with `link.direct`."""
    mcp: McpConfig = field(default_factory=McpConfig)
    """Tools of other programs, for whatever answers."""
    detection: DetectionConfig = field(default_factory=DetectionConfig)
    """How the end of a turn is found, unless the client says otherwise."""
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    """What one client may use."""
    prices: tuple[PriceConfig, ...] = (PriceConfig(),)
    """What answers cost, for `limits.cost_per_day_usd` and the sums; a model without a price is free."""


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
    indicator: IndicatorConfig = field(default_factory=IndicatorConfig)
    """The light."""
    lamps: tuple[LampConfig, ...] = ()
    """What can be switched by voice."""
    sounds: SoundsConfig = field(default_factory=SoundsConfig)
    """Chimes, and what is said when something fails."""
    control: ControlConfig = field(default_factory=ControlConfig)
    """Talking to the running daemon."""
    relay: RelayConfig = field(default_factory=RelayConfig)
    """`edgevoice relay`; not used by the device."""
