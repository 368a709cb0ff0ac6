"""One spelling for what recognisers and people spell in many ways.

Lower case, no punctuation but within numbers, contractions written out, politeness
and hesitation taken off both ends. No meaning here.
"""

import re

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'"})

_LONG_FORMS = (
    (r"\b(what|where|who|when|how|that|there|here)'?s\b", r"\1 is"),
    (r"\bit's\b", "it is"),
    (r"\b(how|what)'?re\b", r"\1 are"),
    (r"\bi'm\b", "i am"),
    (r"\bi'd like\b", "i would like"),
    (r"\b(can|do|does|is|are|have|has|would|could)n't\b", r"\1 not"),
    (r"\b(you|we|they)'re\b", r"\1 are"),
    (r"\b(\w+)'ll\b", r"\1 will"),
    (r"\bto-(day|morrow|night)\b", r"to\1"),  # as books of long ago, and recognisers, have it
)
_SYMBOLS = (
    (r"(?<=\d)\s*%", " percent"),
    (r"(?<=\d)\s*°\s*c\b", " celsius"),
    (r"(?<=\d)\s*°\s*f\b", " fahrenheit"),
    (r"(?<=\d)\s*°", " degrees"),
    (r"[×✕]", " times "),
    (r"÷", " divided by "),
    (r"√", " square root of "),
    (r"½", " 1/2"),
    (r"¼", " 1/4"),
    (r"¾", " 3/4"),
    (r"(?<=\d)\s*\+\s*(?=\d)", " plus "),
    (r"(?<=\d)\s*\*\s*(?=\d)", " times "),
    (r"(?<=\d)\s+-\s+(?=\d)", " minus "),
    (r"(?<=\d)\s+/\s+(?=\d)", " divided by "),
    (r"(?<=\d)\s+x\s+(?=\d)", " times "),
    (r"(?<=\d),(?=\d{3}\b)", ""),
    (r"\bo\.?k\.?(?=\W|$)", "okay"),
    (r"\bp\.\s?m\.?(?=\W|$)", "pm"),
    (r"\ba\.\s?m\.?(?=\W|$)", "am"),
)
_KEEP_IN_NUMBERS = re.compile(r"(?<=\d)[./:](?=\d)|(?<![\w.])-(?=\d)")
_FILLERS = r"(?:please|kindly|just|um+|uh+|er+|hmm+|okay|well|so|hey|hi|hello|yes|yeah|now|and)"
_REQUESTS = (
    r"(?:(?:can|could|would|will) you(?: please)?(?: just)?|i (?:want|need) you to"
    r"|i would like(?: you)? to|i want to|go ahead and|would you mind|do you mind"
    r"|(?:can|could|will) you tell me|tell me|do you know|i would like to know|let us|let me)"
)
_BEFORE = re.compile(rf"^(?:{_FILLERS}|{_REQUESTS}) (?=\S)")
_AFTER = re.compile(
    r"(?<=\S) (?:please|thanks|thank you|for me|right now|now|okay|will you|would you|could you"
    r"|can you|if you (?:can|could|would|will)|again please|then)$"
)


def normalise(words: str) -> str:
    text = words.lower().translate(_APOSTROPHES)
    for pattern, replacement in (*_SYMBOLS, *_LONG_FORMS):
        text = re.sub(pattern, replacement, text)
    text = _only_words(text)
    return _strip_politeness(text)


def _only_words(text: str) -> str:
    """Letters, digits and what belongs inside numbers; hyphens become spaces."""
    kept = {match.start() for match in _KEEP_IN_NUMBERS.finditer(text)}
    letters = (
        letter if letter.isalnum() or index in kept else "" if letter == "'" else " "
        for index, letter in enumerate(text)
    )
    return " ".join("".join(letters).split())


def _strip_politeness(text: str) -> str:
    while True:
        shorter = _AFTER.sub("", _BEFORE.sub("", text))
        if shorter == text:
            return text
        text = shorter
