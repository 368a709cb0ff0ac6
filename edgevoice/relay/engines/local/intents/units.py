"""Units turned into others: "how many feet in a mile", "convert 20 celsius to fahrenheit"."""

import re
from fractions import Fraction

from edgevoice.relay.engines.local.intents.numbers import number, say_number
from edgevoice.relay.engines.local.intents.pattern import Pattern
from edgevoice.relay.engines.local.intents.reply import Reply, Said

_F = Fraction
_UNITS: dict[str, dict[str, Fraction]] = {
    "length": {
        "millimeter": _F("0.001"), "centimeter": _F("0.01"), "meter": _F(1),
        "kilometer": _F(1000), "inch": _F("0.0254"), "foot": _F("0.3048"),
        "yard": _F("0.9144"), "mile": _F("1609.344"),
    },
    "mass": {
        "milligram": _F("0.001"), "gram": _F(1), "kilogram": _F(1000), "tonne": _F(10**6),
        "ounce": _F("28.349523125"), "pound": _F("453.59237"), "stone": _F("6350.29318"),
    },
    "volume": {
        "milliliter": _F("0.001"), "centiliter": _F("0.01"), "deciliter": _F("0.1"),
        "liter": _F(1), "teaspoon": _F("0.00492892159375"), "tablespoon": _F("0.01478676478125"),
        "cup": _F("0.2365882365"), "fluid ounce": _F("0.0295735295625"),
        "pint": _F("0.473176473"), "quart": _F("0.946352946"), "gallon": _F("3.785411784"),
    },
    "time": {
        "millisecond": _F("0.001"), "second": _F(1), "minute": _F(60), "hour": _F(3600),
        "day": _F(86_400), "week": _F(604_800),
    },
    "speed": {
        "kilometer per hour": _F(5, 18), "mile per hour": _F("0.44704"),
        "meter per second": _F(1), "knot": _F(1852, 3600),
    },
    "months": {"month": _F(1), "year": _F(12), "decade": _F(120), "century": _F(1200)},
}  # fmt: skip
_ALIASES = {
    "feet": "foot", "inches": "inch", "centuries": "century", "stones": "stone", "lb": "pound",
    "lbs": "pound", "oz": "ounce", "kg": "kilogram", "kgs": "kilogram", "kilo": "kilogram",
    "kilos": "kilogram", "g": "gram", "km": "kilometer", "kms": "kilometer", "cm": "centimeter",
    "mm": "millimeter", "m": "meter", "ml": "milliliter", "l": "liter", "mph": "mile per hour",
    "kph": "kilometer per hour", "ton": "tonne", "tons": "tonne", "metric ton": "tonne",
    "fluid ounces": "fluid ounce", "mil": "milliliter", "mils": "milliliter",
}  # fmt: skip
_DEGREES = {
    "celsius": "Celsius",
    "centigrade": "Celsius",
    "c": "Celsius",
    "fahrenheit": "Fahrenheit",
    "f": "Fahrenheit",
    "kelvin": "kelvin",
}
_IRREGULAR = {"foot": "feet", "inch": "inches", "century": "centuries", "stone": "stone"}

_ASKED = Pattern(
    "how many <to> [are|is|were] [there] [are] (in|to|make|per|equal|equals|is) <of>",
    "how many <to> (does|do) <of> (have|make|equal)",
    "(convert|change|turn) <of> (to|into) <to>",
    "(what|how much) (is|are) <of> (in|into|to) <to>",
    "<of> (in|into|to) <to>",
)


def about_units(said: Said) -> Reply | None:
    found = _ASKED.match(said.text)
    if found is None:
        return None
    return _temperature(found["of"], found["to"]) or _converted(found["of"], found["to"])


def _converted(quantity: str, to: str) -> Reply | None:
    amount, unit = _amount(quantity)
    source, target = _unit(unit), _unit(to)
    if amount is None or source is None or target is None:
        return None
    for units in _UNITS.values():
        if source in units and target in units:
            value = amount * units[source] / units[target]
            return f"{_say(amount, source)} {'is' if amount == 1 else 'are'} {_say(value, target)}."
    return f"{_plural(source).capitalize()} can't be turned into {_plural(target)}."


def _temperature(quantity: str, to: str) -> Reply | None:
    amount, unit = _amount(quantity)
    source, target = _scale(unit), _scale(to)
    if amount is None or source is None or target is None:
        return None
    kelvin = {
        "Celsius": amount + _F("273.15"),
        "Fahrenheit": (amount + _F("459.67")) * _F(5, 9),
        "kelvin": amount,
    }[source]
    if kelvin < 0:
        return "Nothing is that cold."
    value = {
        "Celsius": kelvin - _F("273.15"),
        "Fahrenheit": kelvin * _F(9, 5) - _F("459.67"),
        "kelvin": kelvin,
    }[target]
    return f"{_degrees(amount, source)} is {_degrees(round(value, 1), target)}."


def _degrees(value: Fraction, scale: str) -> str:
    return f"{say_number(value)} {'' if scale == 'kelvin' else 'degrees '}{scale}"


def _scale(name: str) -> str | None:
    name = re.sub(r"^degrees? (?:in )?", "", name.strip())
    return _DEGREES.get(name)


def _amount(quantity: str) -> tuple[Fraction | None, str]:
    """ "Half a mile" is a half and "mile"; "a mile" is one."""
    words = quantity.split()
    for end in range(len(words) - 1, 0, -1):
        value = number(" ".join(words[:end]))
        if value is not None:
            rest = words[end + 1 :] if words[end] in ("a", "an", "of") else words[end:]
            return value, " ".join(rest)
    if words and words[0] in ("a", "an", "one", "each", "the"):
        return Fraction(1), " ".join(words[1:])
    return None, quantity


def _unit(name: str) -> str | None:
    """The unit under the name the table has it by."""
    name = (
        name.strip()
        .replace("metre", "meter")
        .replace("litre", "liter")
        .replace(" an hour", " per hour")
    )
    name = _ALIASES.get(name, name)
    name = re.sub(r"^(\w+?)s per ", r"\1 per ", name)
    for candidate in (name, name.removesuffix("s")):
        if any(candidate in units for units in _UNITS.values()):
            return candidate
    return None


def _say(amount: Fraction, unit: str) -> str:
    return f"{say_number(amount)} {unit if amount == 1 else _plural(unit)}"


def _plural(unit: str) -> str:
    head, per, tail = unit.partition(" per ")
    return _IRREGULAR.get(head, head + "s") + per + tail
