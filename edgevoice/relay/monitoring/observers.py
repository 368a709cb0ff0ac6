"""Where facts are published, and who reads them. An observer is quick and never waits."""

from collections.abc import Callable
from typing import Protocol

from edgevoice.relay.monitoring.facts import Fact

Publish = Callable[[Fact], None]
"""A fact, since now."""


class Observer(Protocol):
    def see(self, fact: Fact, now: float) -> None:
        """Take note of it. A bug in here is a bug of the relay: nothing is caught."""


class Observers:
    """Everybody who reads what is published, in this order."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def publish(self, fact: Fact, now: float) -> None:
        for observer in self._observers:
            observer.see(fact, now)


def unobserved(_fact: Fact) -> None:
    """For a session or a call that nobody watches."""
