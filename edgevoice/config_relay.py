"""The part of the configuration that is about the relay: `relay`.

Written as in `config.py`, which is where everybody else imports these from.
"""

from dataclasses import dataclass, field
from typing import Literal

from edgevoice.config_local import LocalEngineConfig


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
    announcements_minutes: float = 10.0
    """What is announced (`edgevoice relay announce`) is kept so long for a device that does not listen now."""
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
    announced: bool = False
    """Tell the local network (mDNS) that a relay is here, so that `edgevoice pair` finds it; needs `edgevoice[appliance]`."""
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
