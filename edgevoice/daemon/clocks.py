"""The time of day, which others are handed as a function."""

from datetime import UTC, datetime


def time_of_day() -> float:
    """Seconds since 1970, which outlives the program; a board without a clock may be wrong."""
    return datetime.now(UTC).timestamp()


def local_time() -> datetime:
    return datetime.now(UTC).astimezone()
