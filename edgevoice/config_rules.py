"""Which values are allowed: the range of every number, and settings that depend on one another.

Types are in `config.py` itself. Nothing here reads files.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from urllib.parse import urlsplit

from edgevoice.config import (
    ButtonConfig,
    Config,
    IndicatorConfig,
    LinkConfig,
    LocalEngineConfig,
    McpConfig,
    NeighboursConfig,
    QuietHoursConfig,
    RelayConfig,
    RotaryConfig,
    UpstreamConfig,
)


@dataclass(frozen=True, slots=True)
class Range:
    low: float
    high: float

    def __contains__(self, number: float) -> bool:
        return self.low <= number <= self.high

    def __str__(self) -> str:
        if self.high == inf:
            return f"{self.low:g} or more"
        return f"from {self.low:g} to {self.high:g}"


UNIT = Range(0, 1)
PERCENT = Range(0, 100)
PORT = Range(0, 65_535)
SECONDS = Range(0, 86_400)
SOME_SECONDS = Range(0.001, 86_400)
PATIENCE = Range(0.1, 3_600)
COUNT = Range(1, inf)
# The 40-pin header carries GPIO 0 to 27 on every board; 53 is the last one of a Pi 4.
PIN = Range(0, 53)
# unix(7): sun_path has 108 bytes, of which the last is zero.
MOST_SOCKET_BYTES = 107

# pinout of the 40-pin header: MOSI and SCLK of the first bus, which its driver claims.
SPI0_PINS = (10, 11)

SPI = re.compile(r"\d{1,2}\.\d")
_DAY = r"(?:mon|tues?|wed(?:nes)?|thur?s?|fri|satur?|sun)(?:day)?s?"
DAYS = re.compile(rf"daily|weekdays|weekends|{_DAY}(?:(?:, *| and | ){_DAY})*", re.IGNORECASE)
TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")
MCP_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\x20-\x7e]*")

RANGES: dict[str, Range] = {
    "MicrophoneConfig.channel": Range(1, 64),
    "MicrophoneConfig.gain_db": Range(-40, 40),
    "MicrophoneConfig.zeros_lost_s": Range(0, 3_600),
    "MicrophoneConfig.ring_s": Range(3, 60),  # less would lose words while connecting
    "SpeakerConfig.volume_percent": PERCENT,
    "EchoConfig.delay_ms": Range(0, 1_000),
    "EchoConfig.tail_ms": Range(20, 500),
    "WakeWordConfig.threshold": UNIT,
    "WakeWordConfig.threshold_playing": UNIT,
    "WakeWordConfig.consecutive": Range(1, 10),
    "WakeConfig.refractory_s": SECONDS,
    "WakeConfig.snooze_minutes": Range(0, 24 * 60),
    "WakeConfig.phrase_s": Range(0, 3),
    "VadConfig.threshold": UNIT,
    "VadConfig.aggressiveness": Range(0, 3),
    "VadConfig.start_s": Range(0.02, 5),
    "VadConfig.stop_s": Range(0.02, 10),
    "TurnConfig.connect_s": PATIENCE,
    "TurnConfig.reconnect_s": Range(0, 300),
    "TurnConfig.cue_s": PATIENCE,
    "TurnConfig.no_speech_s": PATIENCE,
    "TurnConfig.follow_up_s": Range(0, 300),
    "TurnConfig.think_s": PATIENCE,
    "TurnConfig.idle_s": PATIENCE,
    "TurnConfig.session_s": PATIENCE,
    "TurnConfig.minutes_per_day": Range(0, 1_440),
    "RelayConfig.announcements_minutes": Range(0, 1_440),
    "TimersConfig.ring_minutes": Range(0.1, 120),
    "TimersConfig.snooze_minutes": Range(1, 120),
    "QuietHoursConfig.volume_percent": PERCENT,
    "RecordingConfig.turns": Range(1, 20),
    "ContextConfig.keep_minutes": Range(0, 1_440),
    "ContextConfig.max_items": Range(1, 10_000),
    "ContextConfig.max_bytes": Range(1_024, 16_777_216),
    "LinkConfig.renew_s": Range(60, 86_400),
    "MediaConfig.bitrate_bps": Range(6_000, 128_000),
    "MediaConfig.complexity": Range(0, 10),
    "MediaConfig.jitter_min_ms": Range(0, 500),
    "MediaConfig.jitter_max_ms": Range(20, 1_000),
    "ButtonConfig.pin": PIN,
    "ButtonConfig.louder_pin": PIN,
    "ButtonConfig.softer_pin": PIN,
    "ButtonConfig.mute_pin": PIN,
    "ButtonConfig.bounce_s": Range(0, 1),
    "ButtonConfig.gap_s": Range(0.1, 2),
    "ButtonConfig.long_s": Range(0.3, 10),
    "ButtonConfig.very_long_s": Range(2, 60),
    "ButtonConfig.stuck_s": Range(1, 3_600),
    "ButtonConfig.step_percent": Range(1, 50),
    "RotaryConfig.pins": PIN,
    "RotaryConfig.press_pin": PIN,
    "RotaryConfig.step_percent": Range(1, 25),
    "IndicatorConfig.count": Range(0, 256),
    "IndicatorConfig.pins": PIN,
    "IndicatorConfig.enable_pin": PIN,
    "IndicatorConfig.lamp_pin": PIN,
    "IndicatorConfig.brightness_percent": PERCENT,
    "IndicatorConfig.night_brightness_percent": PERCENT,
    "LampConfig.pin": PIN,
    "ChatConfig.first_token_s": SOME_SECONDS,
    "ChatConfig.idle_s": SOME_SECONDS,
    "SttConfig.connect_s": SOME_SECONDS,
    "SttConfig.answer_s": SOME_SECONDS,
    "TtsConfig.rate_hz": Range(8_000, 48_000),
    "TtsConfig.connect_s": SOME_SECONDS,
    "TtsConfig.answer_s": SOME_SECONDS,
    "LocalEngineConfig.threads": Range(1, 64),
    "LocalEngineConfig.voice_seed": Range(0, 4_294_967_295),
    "MetricsConfig.port": PORT,
    "MetricsConfig.every_s": Range(1, 3_600),
    "HookConfig.time_limit_s": Range(0.1, 300),
    "DetectionConfig.threshold": UNIT,
    "DetectionConfig.prefix_padding_ms": Range(0, 5_000),
    "DetectionConfig.silence_duration_ms": Range(20, 10_000),
    "UpstreamConfig.secret_s": Range(10, 7_200),  # what OpenAI allows
    "LimitsConfig.sessions": COUNT,
    "LimitsConfig.sessions_per_token": COUNT,
    "LimitsConfig.starts_per_minute": COUNT,
    "LimitsConfig.idle_s": SOME_SECONDS,
    "UpstreamConfig.stall_s": Range(1, 120),
    "UpstreamConfig.renew_s": Range(60, 86_400),
    "LimitsConfig.hold_s": Range(0, 300),  # its answer piles up meanwhile: 14 MB at most
    "LimitsConfig.session_s": SOME_SECONDS,
    "LimitsConfig.minutes_per_day": Range(0, 1_440),
    "LimitsConfig.cost_per_day_usd": Range(0, inf),
    "PriceConfig.text_in_usd": Range(0, inf),
    "PriceConfig.audio_in_usd": Range(0, inf),
    "PriceConfig.cached_in_usd": Range(0, inf),
    "PriceConfig.text_out_usd": Range(0, inf),
    "PriceConfig.audio_out_usd": Range(0, inf),
    "LimitsConfig.sdp_bytes": Range(1_024, 1_048_576),
    "LimitsConfig.event_bytes": Range(1_024, 16_777_216),
    "LimitsConfig.append_bytes": Range(1_024, 16_777_216),
    "LimitsConfig.events_per_s": COUNT,
    "McpServerConfig.time_limit_s": Range(0.1, 120),  # longer than anybody waits in silence
    "RelayConfig.port": PORT,
    "RelayConfig.context_minutes": Range(0, 1_440),
}


_SERVER_SCHEMES = {"openai": ("http://", "https://"), "wyoming": ("tcp://", "unix://")}


def contradictions(config: Config) -> Iterator[tuple[str, str]]:
    """Settings that are fine alone and wrong together, as (path, what to do)."""
    yield from _web_addresses(config)
    yield from _indicator(config.indicator)
    yield from _pins(config)
    yield from _gestures(config.button)
    yield from _rotary(config.rotary)
    yield from _lamp_names(config)
    yield from _quiet_hours(config.quiet_hours)
    yield from _wake_names(config)
    yield from _backends(config)
    yield from _waiting(config)
    yield from _socket_path(config.control.socket)
    yield from _relay_transport(config.relay)
    yield from _upstream_key(config.relay.upstream)
    yield from _direct(config.link)
    yield from _voice_servers(config.relay.local)
    yield from _mcp_servers(config.relay.mcp)
    yield from _neighbours(config.neighbours)
    yield from _announced(config.relay)


def _web_addresses(config: Config) -> Iterator[tuple[str, str]]:
    optional = "relay.local.chat.url"
    addresses = {
        "link.url": config.link.url,
        "link.direct_url": config.link.direct_url,
        optional: config.relay.local.chat.url,
        "relay.upstream.url": config.relay.upstream.url,
    }
    for i, fallback in enumerate(config.link.fallbacks):
        addresses[f"link.fallbacks[{i}].url"] = fallback.url
        if not fallback.token_file:
            path = f"link.fallbacks[{i}].token_file"
            yield path, "each relay has a token of its own: name its file"
    for path, url in addresses.items():
        if not url.startswith(("http://", "https://")) and (url or path != optional):
            yield path, f'must begin with http:// or https://, not "{url}"'
        elif path.startswith("link.") and "@" in _authority(url):
            # It names the relay in the log, the status and the records of failures.
            yield path, "holds a name or password, which everybody would see: take it out"


def _pins(config: Config) -> Iterator[tuple[str, str]]:
    users = [("indicator.pins", pin) for pin in config.indicator.pins]
    if config.indicator.kind in ("apa102", "ws2812") and config.indicator.spi.startswith("0."):
        users += [("indicator.spi", pin) for pin in SPI0_PINS]
    users += [("rotary.pins", pin) for pin in config.rotary.pins]
    users += [(f"lamps[{i}].pin", lamp.pin) for i, lamp in enumerate(config.lamps)]
    optional = [("indicator", name) for name in ("enable_pin", "lamp_pin")]
    optional += [("button", name) for name in ("pin", "louder_pin", "softer_pin", "mute_pin")]
    optional += [("rotary", "press_pin")]
    for section, name in optional:
        pin = getattr(getattr(config, section), name)
        if pin is not None:
            users.append((f"{section}.{name}", pin))
    for path, pin in users:
        everybody = [user for user, taken in users if taken == pin]
        if len(everybody) > 1:
            yield path, f"pin {pin} is used more than once: by {', '.join(everybody)}"


def _indicator(config: IndicatorConfig) -> Iterator[tuple[str, str]]:
    wanted = {"led": 1, "rgb": 3, "apa102_pins": 2}.get(config.kind)
    if wanted is not None and len(config.pins) != wanted:
        has = len(config.pins)
        yield "indicator.pins", f"kind {config.kind} needs {wanted} of them, not {has}"
    if config.kind in ("apa102", "apa102_pins", "ws2812") and not config.count:
        yield "indicator.count", f"kind {config.kind} needs the number of LEDs"
    if not SPI.fullmatch(config.spi):
        yield "indicator.spi", f'is a bus and a chip select, such as 0.0, not "{config.spi}"'
    if bool(config.night_from) != bool(config.night_until):
        missing = "night_until" if config.night_from else "night_from"
        yield f"indicator.{missing}", "night_from and night_until go together"
    for name in ("night_from", "night_until"):
        text = getattr(config, name)
        if text and not TIME_OF_DAY.fullmatch(text):
            yield f"indicator.{name}", f'is a time such as 22:00, not "{text}"'


def _quiet_hours(hours: QuietHoursConfig) -> Iterator[tuple[str, str]]:
    for name in ("begin", "end"):
        text = getattr(hours, name)
        if (text or name == "end") and not TIME_OF_DAY.fullmatch(text):
            yield f"quiet_hours.{name}", f'is a time such as 22:00, not "{text}"'
    if hours.begin and hours.begin == hours.end:
        yield "quiet_hours.end", "is when they begin: then they never end"
    if not DAYS.fullmatch(hours.days):
        yield (
            "quiet_hours.days",
            f'are daily, weekdays, weekends, or names such as friday, not "{hours.days}"',
        )


def _gestures(button: ButtonConfig) -> Iterator[tuple[str, str]]:
    """Those that can never happen."""
    if button.gap_s <= button.bounce_s and {button.double, button.triple} != {"none"}:
        yield "button.gap_s", f"a second press within bounce_s ({button.bounce_s:g}) is bounce"
    held = [
        (name, getattr(button, f"{name}_s"))
        for name in ("long", "very_long")
        if getattr(button, name) != "none"
    ]
    for name, seconds in held:
        if seconds <= button.bounce_s:
            yield f"button.{name}_s", f"held for bounce_s ({button.bounce_s:g}) is bounce"
        if seconds >= button.stuck_s:
            yield f"button.{name}_s", f"held for stuck_s ({button.stuck_s:g}) it counts as stuck"
    if len(held) == 2 and button.long_s >= button.very_long_s:
        yield "button.very_long_s", f"must be longer than long_s ({button.long_s:g})"


def _rotary(rotary: RotaryConfig) -> Iterator[tuple[str, str]]:
    if len(rotary.pins) not in (0, 2):
        yield "rotary.pins", f"a knob has two of them, A and B, not {len(rotary.pins)}"


def _lamp_names(config: Config) -> Iterator[tuple[str, str]]:
    yield from _twice("lamps", [lamp.name for lamp in config.lamps])


def _wake_names(config: Config) -> Iterator[tuple[str, str]]:
    yield from _twice("wake.words", [word.name for word in config.wake.words])
    button = config.button
    has_button = (button.pin, config.rotary.press_pin) != (None, None)
    meanings = (button.single, button.double, button.triple, button.long, button.very_long)
    if config.wake.words or config.keys.device:
        return
    if not has_button:
        yield "wake.words", "no wake word and no button.pin: nothing could start a conversation"
    elif "talk" not in meanings:
        yield "button.single", "no wake word, and no press means talk: nothing could start"


def _twice(path: str, names: list[str]) -> Iterator[tuple[str, str]]:
    for name, times in Counter(names).items():
        if not name.strip():
            yield path, "every one needs a name"
        elif times > 1:
            yield path, f'"{name}" is listed {times} times'


def _backends(config: Config) -> Iterator[tuple[str, str]]:
    for path, part in (("microphone", config.microphone), ("speaker", config.speaker)):
        if part.backend == "wav" and part.device == "default":
            yield f"{path}.device", "backend wav needs the path of a WAV file here"


def _waiting(config: Config) -> Iterator[tuple[str, str]]:
    least, most = config.media.jitter_min_ms, config.media.jitter_max_ms
    if least > most:
        yield "media.jitter_min_ms", f"{least} is more than media.jitter_max_ms, {most}"


def _neighbours(neighbours: NeighboursConfig) -> Iterator[tuple[str, str]]:
    mqtt = neighbours.mqtt
    url = urlsplit(mqtt.url)
    if mqtt.url and (url.scheme not in ("mqtt", "mqtts") or not url.hostname):
        yield "neighbours.mqtt.url", f'must be mqtt://HOST or mqtts://HOST, not "{mqtt.url}"'
    if url.username or url.password:
        yield (
            "neighbours.mqtt.url",
            "holds a name or password; there are neighbours.mqtt.username and password_file",
        )
    for name in ("topic", "discovery_prefix"):
        if re.search(r"[#+\s]|^/|/$", getattr(mqtt, name)):
            yield f"neighbours.mqtt.{name}", "must be a topic, without # + and spaces"
    if not mqtt.topic:
        yield "neighbours.mqtt.topic", "must not be empty"
    for i, hook in enumerate(neighbours.hooks):
        if not hook.command:
            yield f"neighbours.hooks[{i}].command", "name the program, as a list"
    yield from _socket_path(neighbours.events_socket, "neighbours.events_socket")


def _announced(relay: RelayConfig) -> Iterator[tuple[str, str]]:
    if relay.announced and relay.host in ("127.0.0.1", "::1", "localhost"):
        yield "relay.announced", f"no other machine can call a relay that listens on {relay.host}"


def _socket_path(path: str, setting: str = "control.socket") -> Iterator[tuple[str, str]]:
    length = len(path.encode())
    if length > MOST_SOCKET_BYTES:
        yield (
            setting,
            f"{length} bytes are more than the {MOST_SOCKET_BYTES} that the path of a socket "
            "may have; choose a shorter one",
        )


def _relay_transport(relay: RelayConfig) -> Iterator[tuple[str, str]]:
    if bool(relay.tls_cert) != bool(relay.tls_key):
        missing = "tls_key" if relay.tls_cert else "tls_cert"
        yield f"relay.{missing}", "tls_cert and tls_key go together"
    if not (relay.tls_cert or relay.behind_proxy or is_loopback(relay.host)):
        yield (
            "relay.host",
            f'"{relay.host}" is reachable from other machines: set tls_cert and tls_key, '
            "or behind_proxy: true where a proxy speaks TLS",
        )


def _upstream_key(upstream: UpstreamConfig) -> Iterator[tuple[str, str]]:
    """The messages must not say what was found there."""
    if upstream.url.startswith("http://") and not is_loopback(_host(upstream.url)):
        yield "relay.upstream.url", "the key could be read on the way: use https://"
    if upstream.key_file.startswith("sk-"):
        yield (
            "relay.upstream.key_file",
            "holds a key instead of a file's name: others can read configurations; "
            "write the key into a file of mode 0600 and name that",
        )


def _direct(link: LinkConfig) -> Iterator[tuple[str, str]]:
    if link.direct and link.model:
        yield "link.model", "with link.direct it is the relay's to say (relay.upstream.model there)"


def _voice_servers(local: LocalEngineConfig) -> Iterator[tuple[str, str]]:
    for path, part in (("relay.local.stt", local.stt), ("relay.local.tts", local.tts)):
        schemes = _SERVER_SCHEMES.get(part.backend, ())
        if schemes and not part.url.startswith(schemes):
            begins = " or ".join(schemes)
            yield f"{path}.url", f'backend {part.backend} needs {begins}..., not "{part.url}"'
        if part.key_file.startswith("sk-"):
            yield f"{path}.key_file", "holds a key instead of the name of a file that holds one"
        elif part.key_file and part.url.startswith("http://") and not is_loopback(_host(part.url)):
            yield f"{path}.url", "the key could be read on the way: use https://"
    if local.stt.backend == "faster-whisper" and not local.stt.model:
        yield (
            "relay.local.stt.model",
            "faster-whisper needs a model's folder: edgevoice models install whisper-tiny-en",
        )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _authority(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _mcp_servers(config: McpConfig) -> Iterator[tuple[str, str]]:
    names = [server.name for server in config.servers]
    for i, server in enumerate(config.servers):
        path = f"relay.mcp.servers[{i}]"
        if not MCP_NAME.fullmatch(server.name):
            yield f"{path}.name", "must be up to 32 letters, digits, - and _"
        elif names.index(server.name) < i:
            yield f"{path}.name", f"{server.name} is the name of another server already"
        if bool(server.url) == bool(server.command):
            yield path, "needs either a url or a command"
        elif server.url and not server.url.startswith(("http://", "https://")):
            yield f"{path}.url", f'must begin with http:// or https://, not "{server.url}"'
        for j, header in enumerate(server.headers):
            if not HEADER.fullmatch(header):
                yield f"{path}.headers[{j}]", "must be of the form `Name: value`"
