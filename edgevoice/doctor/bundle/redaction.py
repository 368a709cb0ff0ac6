"""Takes out of a text what is nobody's business: secrets, names, addresses. Pure.

The last line of defence: what goes into a bundle is chosen by allow-lists before it gets here.
"""

import re
from collections.abc import Iterable

MARK = "<removed>"
LEAST = 3
"""A name shorter than this would take apart ordinary words."""

_PATTERNS = (
    re.compile(r"-----BEGIN [^-]+-----.*?(-----END [^-]+-----|\Z)", re.DOTALL),
    re.compile(r"\b(sk|ek|ev|rtc|sess|conv|item|resp|pair)[-_][\w-]{6,}"),
    re.compile(r"\bdev_[a-z2-7]{16}\b"),
    re.compile(r"(?i)\bbearer\s+\S+"),
    re.compile(r"\beyJ[\w-]+\.[\w-]+(\.[\w-]+)?"),
    re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b"),
    re.compile(r"\b(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}\b"),
    re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),
    re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f]{1,4}(?![\w:])"),
    re.compile(r"(?<![\w:])[0-9A-Fa-f:]*::[0-9A-Fa-f:]*(?![\w:])"),
    re.compile(r"\b[\w-]+\.(?:local|lan|home|internal|fritz\.box|home\.arpa)\b", re.IGNORECASE),
    re.compile(r"(?<=://)[^/\s:\"',]+"),
    re.compile(r"(?<=/home/)[^/\s]+"),
    re.compile(r"\b(?=[\w+/-]*\d)(?=[\w+/-]*[A-Za-z])[A-Za-z0-9+/_-]{32,}={0,2}"),
    re.compile(r"\b[0-9a-fA-F]{16,}\b"),
)
_HARMLESS = ("127.0.0.1", "0.0.0.0", "::1", "::")


class Redactor:
    """`names` are those this machine knows of: hosts, people, devices, networks."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        wanted = sorted({n for n in names if len(n) >= LEAST}, key=len, reverse=True)
        joined = "|".join(map(re.escape, wanted))
        self._names = re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE) if wanted else None

    def clean(self, text: str) -> str:
        if self._names is not None:
            text = self._names.sub(MARK, text)
        for pattern in _PATTERNS:
            text = pattern.sub(_removed, text)
        return text


def _removed(match: re.Match[str]) -> str:
    return match[0] if match[0] in _HARMLESS else MARK
