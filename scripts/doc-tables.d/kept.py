"""The table of what a board keeps, from the list by which it is erased."""

from errors import table

from edgevoice.daemon.diary.kept import KEPT, Kept

HOW_LONG = {
    "context.json*": "10 minutes (`context.keep_minutes`); on the card with `context.keep: reboot` "
    "only, else in memory",
    "privacy.log*": "13 months or 8 MB",
    "turns.jsonl*": "the last 500",
    "reasons.json*": "the last 8 of each kind",
    "recordings": "off by default; the last 5 turns (`recording.turns`)",
    "failures": "the last 3 of each kind",
    "flight-record*": "of an older version: not written any more",
    "timers.json*": "until they have rung",
    "run.json*": "the last one",
    "device.key*": "until the board is paired anew",
    "settings.json*": "for ever: it is no trace of anybody",
}


def kept_table() -> str:
    """KeyError where something new is kept, and nothing says here for how long."""
    return table(("what", "files", "how long", "erased by"), [_line(kept) for kept in KEPT])


def _line(kept: Kept) -> tuple[str, ...]:
    names = dict.fromkeys(pattern.removesuffix("*").removesuffix("/") for pattern in kept.patterns)
    files = ", ".join(f"`{name.replace('privacy-*.log', 'privacy-MONTH.log')}`" for name in names)
    by = f"`edgevoice {kept.erased_by}`" if kept.erased_by else ""
    return kept.what, files, HOW_LONG[kept.patterns[0]], by
