"""Sums asked in words, reckoned exactly: no eval, bounded in size."""

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt

from edgevoice.relay.engines.local.intents.numbers import read_number, say_number
from edgevoice.relay.engines.local.intents.pattern import Pattern
from edgevoice.relay.engines.local.intents.reply import Reply, Said

LARGEST = 10**15
TOO_LARGE = "That is too large a number for me."

_ASKED = Pattern(
    "(what is|what|calculate|compute|how much is|how much|how many is|work out|solve|what does)"
    " [the result of|the sum of|the value of|the answer to] <sum>"
    " [make|makes|equal|equals|is|come to]"
)
_ADD = Pattern("(add|sum) [up] <one> (and|to) <other>")
_SUBTRACT = Pattern("(subtract|take|deduct) <other> [away] from <one>")
_OPERATORS = (
    ("plus", "+", 1), ("add", "+", 1), ("added to", "+", 1), ("and", "+", 1),
    ("minus", "-", 1), ("take away", "-", 1), ("less", "-", 1), ("subtract", "-", 1),
    ("times", "*", 2), ("multiplied by", "*", 2), ("x", "*", 2), ("by", "*", 2),
    ("divided by", "/", 2), ("over", "/", 2), ("of", "*", 3),
    ("to the power of", "^", 4), ("off", "off", 3), ("off of", "off", 3),
)  # fmt: skip
_AFTER = {"squared": 2, "cubed": 3}

Operator = tuple[str, int]


class _NotASum(Exception):
    """Not this file's business."""


class _TooLarge(Exception):
    """More than anybody wants read out."""


def about_sums(said: Said) -> Reply | None:
    """Only what is asked for, or what has an operator in it."""
    words = _reworded(said.text).split()
    try:
        value, steps = _Sum(words).reckon()
    except _NotASum:
        return None
    except _TooLarge:
        return TOO_LARGE
    except ZeroDivisionError:
        return "Nothing can be divided by zero."
    return f"That's {say_number(value)}." if steps else None


def _reworded(text: str) -> str:
    """As a sum is read out: "add 5 and 7" is "5 plus 7"."""
    if found := _ADD.match(text):
        return f"{found['one']} plus {found['other']}"
    if found := _SUBTRACT.match(text):
        return f"{found['one']} minus {found['other']}"
    found = _ASKED.match(text)
    return found["sum"] if found else text


class _Sum:
    """Precedence climbing over words."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._at = 0
        self._steps = 0

    def reckon(self) -> tuple[Fraction, int]:
        """The value, and how many operations it took."""
        value = self._expression(1)
        if self._at < len(self._words):
            raise _NotASum
        return value, self._steps

    def _expression(self, weakest: int) -> Fraction:
        left = self._operand()
        while (operator := self._operator(weakest)) is not None:
            sign, strength = operator
            right = self._expression(strength + 1)
            left = _bounded(_apply(sign, left, right))
            self._steps += 1
        return left

    def _operand(self) -> Fraction:
        for phrase in (("the",), ("square", "root", "of"), ("root", "of")):
            if self._take(phrase):
                inner = self._operand()
                self._steps += phrase != ("the",)
                return inner if phrase == ("the",) else _root(inner)
        parsed = read_number(self._words, self._at)
        if parsed is None:
            raise _NotASum
        value, self._at = parsed
        return self._postfix(_bounded(value))

    def _postfix(self, value: Fraction) -> Fraction:
        while self._at < len(self._words):
            word = self._words[self._at]
            if word in _AFTER:
                value = _bounded(_power(value, Fraction(_AFTER[word])))
            elif word == "percent":
                value /= 100
            else:
                break
            self._steps += word != "percent"
            self._at += 1
        return value

    def _operator(self, weakest: int) -> Operator | None:
        for phrase, sign, strength in _OPERATORS:
            if strength >= weakest and self._take(tuple(phrase.split())):
                return sign, strength
        return None

    def _take(self, phrase: tuple[str, ...]) -> bool:
        end = self._at + len(phrase)
        if tuple(self._words[self._at : end]) != phrase:
            return False
        self._at = end
        return True


def _apply(sign: str, left: Fraction, right: Fraction) -> Fraction:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case "off":
            return right - left * right
        case _:
            return _power(left, right)


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > 64:
        raise _TooLarge
    if max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(exponent) > 2048:
        raise _TooLarge
    return base ** int(exponent)


def _root(value: Fraction) -> Fraction:
    """Exact where there is an exact one, else to twelve places."""
    if value < 0:
        raise _NotASum
    scale = 10**12
    above, below = isqrt(value.numerator), isqrt(value.denominator)
    if above**2 == value.numerator and below**2 == value.denominator:
        return Fraction(above, below)
    return Fraction(isqrt(int(value * scale**2)), scale)


def _bounded(value: Fraction) -> Fraction:
    if abs(value) > LARGEST:
        raise _TooLarge
    return value if value.denominator < 10**40 else value.limit_denominator(10**12)
