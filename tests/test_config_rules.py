"""Ranges cover every number, and settings that contradict each other are found."""

from dataclasses import replace
from typing import Any, get_args

import pytest

from edgevoice import config as declarations
from edgevoice.config import (
    ButtonConfig,
    Config,
    ControlConfig,
    HookConfig,
    IndicatorConfig,
    KeysConfig,
    LampConfig,
    LocalEngineConfig,
    McpConfig,
    McpServerConfig,
    MediaConfig,
    MqttConfig,
    NeighboursConfig,
    RelayConfig,
    RotaryConfig,
    SttConfig,
    TtsConfig,
    UpstreamConfig,
    WakeConfig,
    WakeWordConfig,
)
from edgevoice.config_rules import COUNT, RANGES, UNIT, contradictions
from edgevoice.config_yaml import default, hints


def hears(stt: SttConfig) -> Config:
    return Config(relay=RelayConfig(local=LocalEngineConfig(stt=stt)))


def at_home(**neighbours: Any) -> Config:
    return Config(neighbours=NeighboursConfig(**neighbours))


def numbers() -> set[str]:
    sections = [kind for name, kind in vars(declarations).items() if name.endswith("Config")]
    return {
        f"{kind.__name__}.{name}"
        for kind in sections
        for name, wanted in hints(kind).items()
        if {wanted, *get_args(wanted)} & {int, float}
    }


def test_every_number_has_a_range_and_every_range_a_number() -> None:
    assert numbers() == set(RANGES)


def test_every_default_lies_in_its_range() -> None:
    for label, allowed in RANGES.items():
        kind, _, name = label.partition(".")
        value = default(getattr(declarations, kind), name)
        assert all(
            number in allowed
            for number in (value if isinstance(value, tuple) else [value])
            if number is not None
        ), label


def test_a_range_is_said_in_words() -> None:
    assert str(UNIT) == "from 0 to 1"
    assert str(COUNT) == "1 or more"


def test_the_defaults_contradict_nothing() -> None:
    assert list(contradictions(Config())) == []


@pytest.mark.parametrize(
    ("config", "path", "text"),
    [
        (Config(link=replace(Config().link, url="relay.local")), "link.url", "http://"),
        (Config(link=replace(Config().link, url="")), "link.url", "http://"),
        (
            Config(link=replace(Config().link, url="https://me:secret@relay.lan")),
            "link.url",
            "take it out",
        ),
        (Config(indicator=IndicatorConfig("led")), "indicator.pins", "needs 1"),
        (Config(rotary=RotaryConfig((5,))), "rotary.pins", "A and B, not 1"),
        (Config(button=ButtonConfig(bounce_s=0.5)), "button.gap_s", "is bounce"),
        (
            Config(button=ButtonConfig(bounce_s=1, gap_s=1.1)),
            "button.long_s",
            "is bounce",
        ),
        (
            Config(button=ButtonConfig(very_long="forget", stuck_s=8)),
            "button.very_long_s",
            "stuck",
        ),
        (
            Config(button=ButtonConfig(very_long="forget", long_s=3, very_long_s=2)),
            "button.very_long_s",
            "longer than long_s (3)",
        ),
        (Config(indicator=IndicatorConfig("rgb", pins=(1, 2))), "indicator.pins", "needs 3"),
        (
            Config(indicator=IndicatorConfig("apa102_pins", count=3)),
            "indicator.pins",
            "needs 2",
        ),
        (Config(indicator=IndicatorConfig("apa102")), "indicator.count", "number of LEDs"),
        (Config(indicator=IndicatorConfig(spi="/dev/spidev0.0")), "indicator.spi", "such as 0.0"),
        (Config(indicator=IndicatorConfig(night_from="22:00")), "indicator.night_until", "go"),
        (
            Config(indicator=IndicatorConfig(night_from="24:00", night_until="7:00")),
            "indicator.night_from",
            "such as 22:00",
        ),
        (at_home(mqtt=MqttConfig(url="broker.lan")), "neighbours.mqtt.url", "mqtt://HOST"),
        (at_home(mqtt=MqttConfig(url="mqtt://me:x@broker")), "neighbours.mqtt.url", "password"),
        (at_home(mqtt=MqttConfig(topic="a/#")), "neighbours.mqtt.topic", "without #"),
        (at_home(hooks=(HookConfig(),)), "neighbours.hooks[0].command", "name the program"),
        (at_home(events_socket="/" + "x" * 200), "neighbours.events_socket", "shorter"),
        (Config(relay=RelayConfig(announced=True)), "relay.announced", "127.0.0.1"),
        (Config(lamps=(LampConfig(), LampConfig(pin=3))), "lamps", '"lamp" is listed 2 times'),
        (Config(lamps=(LampConfig(name=" "),)), "lamps", "needs a name"),
        (Config(wake=replace(Config().wake, words=())), "wake.words", "nothing could start"),
        (
            Config(wake=replace(Config().wake, words=(WakeWordConfig(), WakeWordConfig()))),
            "wake.words",
            "2 times",
        ),
        (
            Config(microphone=replace(Config().microphone, backend="wav")),
            "microphone.device",
            "path of a WAV",
        ),
        (
            Config(media=MediaConfig(jitter_min_ms=80)),
            "media.jitter_min_ms",
            "80 is more than media.jitter_max_ms, 60",
        ),
        (Config(control=ControlConfig(socket="/" + "é" * 54)), "control.socket", "109 bytes"),
        (
            Config(relay=RelayConfig(upstream=UpstreamConfig(url="http://192.0.2.1"))),
            "relay.upstream.url",
            "use https",
        ),
        (
            Config(relay=RelayConfig(upstream=UpstreamConfig(key_file="sk-inline"))),
            "relay.upstream.key_file",
            "instead of a file's name",
        ),
        (hears(SttConfig("openai", url="relay.local")), "relay.local.stt.url", "http://"),
        (hears(SttConfig("wyoming", url="http://x")), "relay.local.stt.url", "tcp://"),
        (hears(SttConfig("faster-whisper")), "relay.local.stt.model", "models install"),
        (
            hears(SttConfig("openai", url="http://x", key_file="sk-inline")),
            "relay.local.stt.key_file",
            "name of a file",
        ),
        (
            hears(SttConfig("openai", url="http://192.0.2.1/v1", key_file="/key")),
            "relay.local.stt.url",
            "use https",
        ),
        (
            Config(relay=RelayConfig(local=LocalEngineConfig(tts=TtsConfig("wyoming")))),
            "relay.local.tts.url",
            "tcp://",
        ),
        (
            Config(link=replace(Config().link, direct=True, model="gpt-x")),
            "link.model",
            "relay.upstream.model",
        ),
        (
            Config(link=replace(Config().link, direct_url="api.openai.com")),
            "link.direct_url",
            "http://",
        ),
        (Config(relay=RelayConfig(host="0.0.0.0")), "relay.host", "other machines"),
        (Config(relay=RelayConfig(tls_cert="c.pem")), "relay.tls_key", "go together"),
        (Config(relay=RelayConfig(tls_key="k.pem")), "relay.tls_cert", "go together"),
    ],
)
def test_a_contradiction_is_named(config: Config, path: str, text: str) -> None:
    ((found, told),) = contradictions(config)
    assert found == path
    assert text in told


def test_a_key_in_the_configuration_is_not_repeated_in_the_complaint() -> None:
    config = Config(relay=RelayConfig(upstream=UpstreamConfig(key_file="sk-inline")))
    assert "sk-inline" not in str(list(contradictions(config)))


def test_a_pin_with_two_users_is_told_to_both() -> None:
    config = Config(lamps=(LampConfig(pin=17),), button=replace(Config().button, pin=17))
    assert list(contradictions(config)) == [
        ("lamps[0].pin", "pin 17 is used more than once: by lamps[0].pin, button.pin"),
        ("button.pin", "pin 17 is used more than once: by lamps[0].pin, button.pin"),
    ]


@pytest.mark.parametrize(
    ("indicator", "user"),
    [
        (IndicatorConfig(enable_pin=10), "indicator.enable_pin"),
        (IndicatorConfig(lamp_pin=10), "indicator.lamp_pin"),
        (IndicatorConfig("ws2812", count=1), "indicator.spi"),
    ],
)
def test_the_indicator_s_other_pins_count_too(indicator: IndicatorConfig, user: str) -> None:
    told = dict(contradictions(Config(indicator=indicator, lamps=(LampConfig(pin=10),))))
    assert set(told) == {user, "lamps[0].pin"}


@pytest.mark.parametrize(
    "relay",
    [
        RelayConfig(host="localhost"),
        RelayConfig(host="::1"),
        RelayConfig(host="0.0.0.0", behind_proxy=True),
        RelayConfig(host="0.0.0.0", tls_cert="c.pem", tls_key="k.pem"),
    ],
)
def test_a_relay_that_nobody_can_listen_in_on_is_fine(relay: RelayConfig) -> None:
    assert list(contradictions(Config(relay=relay))) == []


def test_a_button_is_enough_without_wake_words() -> None:
    config = Config(wake=replace(Config().wake, words=()), button=replace(Config().button, pin=17))
    assert list(contradictions(config)) == []


def mcp_mistakes(*servers: McpServerConfig) -> list[str]:
    config = Config(relay=RelayConfig(mcp=McpConfig(servers)))
    return [path for path, _ in contradictions(config)]


def test_a_server_of_tools_has_a_name_of_its_own_and_one_way_to_it() -> None:
    good = McpServerConfig(name="home", url="http://home.example/api/mcp", headers=("X-A: b",))
    assert mcp_mistakes(good, replace(good, name="other")) == []
    first = "relay.mcp.servers[0]"
    assert mcp_mistakes(good, good) == ["relay.mcp.servers[1].name"]
    assert mcp_mistakes(replace(good, name="my home")) == [f"{first}.name"]
    assert mcp_mistakes(replace(good, command=("serve",))) == [first]
    assert mcp_mistakes(replace(good, url="")) == [first]
    assert mcp_mistakes(replace(good, url="home.example")) == [f"{first}.url"]
    assert mcp_mistakes(replace(good, headers=("X-A b", "X: a\r\nY: c"))) == [
        f"{first}.headers[0]",
        f"{first}.headers[1]",
    ]


def test_the_pins_of_knob_and_switch_are_counted_with_the_others() -> None:
    config = Config(button=ButtonConfig(5, mute_pin=6), rotary=RotaryConfig((5, 6), press_pin=5))
    twice = {path for path, told in contradictions(config) if "more than once" in told}
    assert twice == {"button.pin", "button.mute_pin", "rotary.pins", "rotary.press_pin"}


def test_a_key_of_another_device_can_begin_a_conversation() -> None:
    silent = replace(Config(), wake=WakeConfig(words=()))
    assert [path for path, _ in contradictions(silent)] == ["wake.words"]
    assert list(contradictions(replace(silent, keys=KeysConfig("Jabra")))) == []


def test_without_a_wake_word_some_press_must_mean_talk() -> None:
    silent = replace(Config(), wake=WakeConfig(words=()))
    mute_button = ButtonConfig(17, single="mute", long="talk")
    assert list(contradictions(replace(silent, button=mute_button))) == []
    mute_button = replace(mute_button, long="none")
    assert [path for path, _ in contradictions(replace(silent, button=mute_button))] == [
        "button.single"
    ]
