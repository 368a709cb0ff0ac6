"""Lamps and other things on and off, by the names the device gave them."""

import re
from collections.abc import Sequence

from edgevoice.relay.engines.local.intents.pattern import Pattern
from edgevoice.relay.engines.local.intents.reply import Reply, Said, call

NO_LIGHTS = "This device has no lights to switch."
TOOL = "switch_light"
LONGEST_NAME = 4
BLIND = "I can switch lights, but I don't see whether they are on."
KNOWN_ONES = "I can switch: "
ONLY_SWITCH = "I can only switch lights on and off."

_SWITCH = "(turn|turned|switch|put|flip|power)"
_LIGHT = "(light|lights|lamp|lamps|lamb)"
_ON = Pattern(
    f"({_SWITCH}|light) on <name>",
    f"{_SWITCH} <name> on",
    f"<room?> {_LIGHT} on",
    "light up <name>",
    "let there be <name>",
)
_OFF = Pattern(
    f"{_SWITCH} (off|of|out) <name>",
    f"{_SWITCH} <name> (off|of|out)",
    f"<room?> {_LIGHT} (off|out)",
    f"kill <room?> {_LIGHT}",
)
_ASKED = Pattern(
    f"(is|are) <room?> {_LIGHT} [still] (on|off|lit|out)",
    f"(which|what) {_LIGHT} (is|are) [still] (on|off)",
)
_OTHERWISE = Pattern(
    f"(dim|toggle|brighten|fade) <room?> {_LIGHT} <much?>",
    f"(make|turn|set) <room?> {_LIGHT} (brighter|darker|up|down|red|green|blue|white|to <much>)",
)
_IT = Pattern(
    f"{_SWITCH} it [back] (on|off|of|out) [again]", f"{_SWITCH} [back] (on|off) it [again]"
)
_SAID = re.compile(r"The (.+) is (?:on|off)[.]")
_SLIPS = {"lamb": "lamp", "lambs": "lamps", "land": "lamp", "lump": "lamp"}
_LIGHTS = frozenset({"light", "lights", "lamp", "lamps"})
_ALL = frozenset({"everything", "all", "every", "both"}) | {"lights", "lamps"}
_NOT_OURS = re.compile(r"\b(?:timers?|alarms?|volume|music|sound|yourself|you|it)\b")


def about_lights(said: Said) -> Reply | None:
    if _ASKED.matches(said.text):
        return BLIND if TOOL in said.tools else NO_LIGHTS
    if _OTHERWISE.matches(said.text):
        return ONLY_SWITCH if TOOL in said.tools else NO_LIGHTS
    if _IT.matches(said.text):
        return _switch_it(said)
    for pattern, on in ((_ON, True), (_OFF, False)):
        if (found := pattern.match(said.text)) is not None:
            return _switch(said, found, on)
    return None


def _switch(said: Said, found: dict[str, str], on: bool) -> Reply | None:
    name = _name(found.get("name") or f"{found.get('room', '')} {_noun(said.text)}")
    if not name or len(name.split()) > LONGEST_NAME or _NOT_OURS.search(name):
        return None
    is_light = bool(_LIGHTS & set(name.split()))
    if TOOL not in said.tools:
        return NO_LIGHTS if is_light else None
    known = said.choices(TOOL, "name")
    if not known:
        return (call(TOOL, name=name, on=on),)
    if chosen := choose(name, known):
        return tuple(call(TOOL, name=each, on=on) for each in chosen)
    unknown = "Which one?" if name in _LIGHTS else f"I don't know a {name}."
    return f"{unknown} {KNOWN_ONES}{', '.join(known)}." if is_light else None


def _switch_it(said: Said) -> Reply | None:
    """What the assistant has just switched, or the only thing there is."""
    known = said.choices(TOOL, "name")
    spoken = _SAID.search(said.answered)
    name = spoken[1] if spoken else known[0] if len(known) == 1 else ""
    if name not in known:
        return None
    return (call(TOOL, name=name, on=bool(re.search(r"\bon\b", said.text))),)


def choose(name: str, known: Sequence[str]) -> list[str]:
    """The known names that are meant: by all words, by the words that matter, or all of them."""
    wanted = set(name.split())
    by_words = {each: set(each.casefold().replace("_", " ").split()) for each in known}
    if exact := [each for each, words in by_words.items() if words == wanted]:
        return exact
    telling = wanted - _LIGHTS - _ALL
    if not telling:
        everything = bool(wanted & _ALL) or len(known) == 1
        lights = [each for each, words in by_words.items() if words & _LIGHTS]
        only_light = lights if len(lights) == 1 else []
        if "everything" in wanted:
            return list(known)
        return (lights or list(known)) if everything else only_light
    return [each for each, words in by_words.items() if telling <= words][:1]


def _noun(text: str) -> str:
    """The word for the light in "kitchen lights on"."""
    found = re.findall(r"\b(?:lights?|lamps?|lamb)\b", text)
    return found[-1] if found else ""


def _name(words: str) -> str:
    """ "The kitchen lamb" is meant to be "kitchen lamp"."""
    kept = [word for word in words.split() if word not in ("the", "my", "that", "this", "a", "of")]
    return " ".join(_SLIPS.get(word, word) for word in kept)
