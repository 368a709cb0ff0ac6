"""Louder, quieter, to thirty percent. The device owns the loudspeaker."""

import re

from edgevoice.relay.engines.local.intents.numbers import number
from edgevoice.relay.engines.local.intents.pattern import Pattern
from edgevoice.relay.engines.local.intents.reply import Reply, Said

STEP_PERCENT = 10
NO_VOLUME = "I can't change the volume of this device."

_IT = "[the|your] (volume|sound|loudness|audio|speaker|music|it)"
_VOLUME = "[the|your] (volume|sound|loudness)"
_MUCH = "[a little|a little bit|a bit|a lot]"
_UP = Pattern(
    f"[be|speak|talk|play|make it|turn it] {_MUCH} louder {_MUCH}",
    f"(speak|talk) up {_MUCH}",
    f"(turn|put|crank|bring) {_IT} up {_MUCH}",
    f"(turn|put|crank|bring) up {_IT} {_MUCH}",
    f"(raise|increase) {_IT} {_MUCH}",
    f"{_VOLUME} up {_MUCH}",
    "(you are too quiet|more volume|i can not hear you|i cant hear you)",
)
_DOWN = Pattern(
    f"[be|speak|talk|play|make it|turn it] {_MUCH} (quieter|softer) {_MUCH}",
    f"(turn|put|bring) {_IT} down {_MUCH}",
    f"(turn|put|bring) down {_IT} {_MUCH}",
    f"(lower|reduce|decrease) {_IT} {_MUCH}",
    f"{_VOLUME} down {_MUCH}",
    "(you are too loud|less volume|not so loud)",
)
_OFF = Pattern(f"mute [yourself|{_VOLUME}|[the] speaker]")
_ASKED = Pattern(
    f"what is {_VOLUME} [level|at|set to]",
    "how (loud|quiet) (are you|is it)",
    f"how loud is {_VOLUME}",
)
_CHANGE = "(set|said|turn|put|change|make|raise|lower|bring|reduce|increase|decrease)"
_BY = Pattern(
    f"{_CHANGE} [up|down] {_IT} [up|down] by <amount> [percent|points]",
    f"{_VOLUME} (up|down) by <amount> [percent|points]",
)
_TO = Pattern(
    f"{_CHANGE} [up|down] {_VOLUME} [level] [up|down] (to|at|two) <amount>",
    f"{_CHANGE} [up|down] [it] [up|down] (to|at) <amount> percent",
    f"{_VOLUME} [level] [to|at] <amount>",
)
_PERCENT = Pattern("[about] <amount> (percent|out of 100|out of a hundred|points|percent volume)")
_OF_TEN = Pattern("<amount> out of (ten|10)")
_NAMED = {
    "maximum": 100, "max": 100, "full": 100, "the maximum": 100, "the max": 100,
    "minimum": 10, "min": 10, "the minimum": 10, "medium": 50, "half": 50, "low": 20, "high": 80,
    "zero": 0, "the middle": 50,
}  # fmt: skip


def about_volume(said: Said) -> Reply | None:
    if _OFF.matches(said.text):
        return said.call("set_volume", otherwise=NO_VOLUME, percent=0)
    if _ASKED.matches(said.text):
        return _change(said, 0)  # answered with what the volume is then
    if _UP.matches(said.text):
        return _change(said, _step(said.text))
    if _DOWN.matches(said.text):
        return _change(said, -_step(said.text))
    if (found := _BY.match(said.text)) and (percent := _percent(found["amount"])) is not None:
        down = re.search(r"\b(?:down|lower|reduce|decrease)\b", said.text)
        return _change(said, -percent if down else percent)
    if (found := _TO.match(said.text)) and (percent := _percent(found["amount"])) is not None:
        if not 0 <= percent <= 100:
            return "The volume goes from 0 to 100 percent."
        return said.call("set_volume", otherwise=NO_VOLUME, percent=percent)
    return None


def _change(said: Said, delta: int) -> Reply:
    return said.call("change_volume", otherwise=NO_VOLUME, delta=max(-100, min(100, delta)))


def _percent(amount: str) -> int | None:
    if amount in _NAMED:
        return _NAMED[amount]
    of_ten = _OF_TEN.match(amount)
    plain = of_ten or _PERCENT.match(amount) or {"amount": amount}
    value = number(plain["amount"])
    if value is None:
        return None
    return round(value * 10) if of_ten else round(value)


def _step(text: str) -> int:
    return 2 * STEP_PERCENT if text.endswith("a lot") else STEP_PERCENT
