"""Ids that every log line of one piece of work carries, whoever writes it.

They follow the work into the tasks and timers that it begins (contextvars). A program that does
one thing at a time, as the device does, says instead what all its lines are about (`stand`).
Ids only: what is logged as a field ends up wherever logs are kept.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_fields: ContextVar[Mapping[str, str]] = ContextVar("log_fields", default=MappingProxyType({}))


@contextmanager
def log_fields(**fields: str) -> Iterator[None]:
    """What is logged within, and by tasks begun within, carries these besides."""
    token = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


_standing: dict[str, str] = {}


def stand(**fields: str) -> None:
    """Every line of this program carries these from now on; an empty one is taken off again."""
    for name, value in fields.items():
        if value:
            _standing[name] = value
        else:
            _standing.pop(name, None)


class AddFields(logging.Filter):
    """Puts them on the record, unless the line says something else itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in (_standing | dict(_fields.get())).items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True
