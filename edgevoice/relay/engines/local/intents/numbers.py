"""Spoken numbers, exactly: "twenty five", "ten and a half", "1,200", "three quarters"."""

import re
from collections.abc import Sequence
from fractions import Fraction

_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
    *("seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

SMALL = {word: value for value, word in enumerate(_UNITS)}
TENS = {word: 10 * value for value, word in enumerate(_TENS, 2)} | {"fourty": 40}
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
PARTS = {
    "half": Fraction(1, 2),
    "halves": Fraction(1, 2),
    "third": Fraction(1, 3),
    "thirds": Fraction(1, 3),
    "quarter": Fraction(1, 4),
    "quarters": Fraction(1, 4),
    "fifth": Fraction(1, 5),
    "fifths": Fraction(1, 5),
    "eighth": Fraction(1, 8),
    "eighths": Fraction(1, 8),
    "tenth": Fraction(1, 10),
    "tenths": Fraction(1, 10),
}
_FIGURES = re.compile(r"-?\d{1,18}(?:\.\d{1,12})?")
_RATIO = re.compile(r"(-?\d{1,9})/(\d{1,9})")

Parsed = tuple[Fraction, int]
"""A number, and the index of the first word after it."""


def read_number(words: Sequence[str], at: int = 0) -> Parsed | None:
    """The longest number that begins at this word."""
    if _word(words, at) in ("minus", "negative"):
        positive = read_number(words, at + 1)
        return None if positive is None or positive[0] < 0 else (-positive[0], positive[1])
    parsed = _read_part(words, at) or _read_whole(words, at)
    if parsed is None:
        return None
    return _with_part(words, *_with_decimals(words, *parsed))


def number(text: str) -> Fraction | None:
    """The number this text is, and nothing else."""
    words = text.split()
    parsed = read_number(words) if words else None
    return parsed[0] if parsed and parsed[1] == len(words) else None


def say_number(value: Fraction) -> str:
    """As figures, rounded to what an ear can use; a voice reads them out."""
    places = 2 if abs(value) >= Fraction(1, 10) else 4
    rounded = Fraction(round(value, places))
    figures = f"{rounded.numerator}" if rounded.denominator == 1 else f"{float(rounded):.{places}f}"
    if "." in figures:
        figures = figures.rstrip("0").rstrip(".")
    whole, _, decimals = figures.partition(".")
    grouped = f"{int(whole):,}" if abs(int(whole)) >= 10_000 else whole
    sign = "about " if rounded != value else ""
    text = f"{grouped}.{decimals}" if decimals else grouped
    return sign + ("minus " + text[1:] if text.startswith("-") else text)


def _word(words: Sequence[str], at: int) -> str:
    return words[at] if 0 <= at < len(words) else ""


def _read_part(words: Sequence[str], at: int) -> Parsed | None:
    """Half, a half, a quarter, three quarters, 3/4."""
    word = _word(words, at)
    if ratio := _RATIO.fullmatch(word):
        above, below = int(ratio[1]), int(ratio[2])
        return (Fraction(above, below), at + 1) if below else None
    if word == "half":
        return Fraction(1, 2), at + 1
    if word in ("a", "an", "one") and _word(words, at + 1) in ("half", "quarter", "third"):
        return PARTS[_word(words, at + 1)], at + 2
    if word in SMALL and _word(words, at + 1) in PARTS and word != "one":
        return SMALL[word] * PARTS[_word(words, at + 1)], at + 2
    return None


def _read_whole(words: Sequence[str], at: int) -> Parsed | None:
    """Figures, or words up to trillions."""
    start, total, group = at, Fraction(0), Fraction(0)
    seen, last_scale = False, 10**18
    while True:
        word = _word(words, at)
        if word == "and" and seen and _continues(words, at + 1, group or total):
            at += 1
            continue
        small = _read_small(words, at)
        if small is not None and not (seen and not _fits(group, small[0])):
            group, at, seen = group + small[0], small[1], True
        elif word in ("hundred", "dozen") and (seen or _word(words, at - 1) in ("a", "")):
            group, at, seen = (
                (group or Fraction(1)) * (12 if word == "dozen" else 100),
                at + 1,
                True,
            )
        elif word in SCALES and SCALES[word] < last_scale and seen:
            total, group, last_scale = (
                total + (group or Fraction(1)) * SCALES[word],
                Fraction(0),
                SCALES[word],
            )
            at += 1
        elif word == "a" and not seen and _word(words, at + 1) in ("hundred", "dozen", *SCALES):
            group, at, seen = Fraction(1), at + 1, True
        else:
            break
    return (total + group, at) if seen and at > start else None


def _read_small(words: Sequence[str], at: int) -> Parsed | None:
    """Figures, or words below a hundred."""
    word = _word(words, at)
    if _FIGURES.fullmatch(word):
        return Fraction(word), at + 1
    if word in TENS:
        unit = SMALL.get(_word(words, at + 1), 0)
        return (
            (Fraction(TENS[word] + unit), at + 2)
            if 0 < unit < 10
            else (Fraction(TENS[word]), at + 1)
        )
    if word in SMALL:
        return Fraction(SMALL[word]), at + 1
    return None


def _fits(group: Fraction, more: Fraction) -> bool:
    """ "Two hundred" may be followed by "five", "two" may not."""
    return 0 < more < 100 and group % 100 == 0


def _continues(words: Sequence[str], at: int, before: Fraction) -> bool:
    """The "and" of "two hundred and five", not the one between two numbers."""
    small = _read_small(words, at)
    return small is not None and before >= 100 and before % 100 == 0 and 0 < small[0] < 100


def _with_decimals(words: Sequence[str], value: Fraction, at: int) -> Parsed:
    """ "Three point one four"; "three point fourteen" is meant the same."""
    if _word(words, at) != "point" or value.denominator != 1:
        return value, at
    digits, end = "", at + 1
    while len(digits) < 12:
        word = {"oh": "zero", "o": "zero"}.get(_word(words, end), _word(words, end))
        if word.isascii() and word.isdigit() and len(word) <= 12:
            digits += word
        elif small := _read_small([word], 0):
            digits += str(int(small[0]))
        else:
            break
        end += 1
    if not digits:
        return value, at
    return value + Fraction(int(digits), 10 ** len(digits)), end


def _with_part(words: Sequence[str], value: Fraction, at: int) -> Parsed:
    """ "Ten and a half", "two and three quarters", "2 1/2"."""
    if value.denominator != 1:
        return value, at
    begin = at + 1 if _word(words, at) == "and" else at
    if begin == at and not _RATIO.fullmatch(_word(words, at)):
        return value, at
    part = _read_part(words, begin)
    if part is None or not 0 < part[0] < 1 or (value == 0):
        return value, at
    return value + part[0], part[1]
