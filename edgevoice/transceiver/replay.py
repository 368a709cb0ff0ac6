"""Plays a flight record again: the same inputs into a transceiver, and are the actions the same?"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields

from msgspec import structs

from edgevoice.realtime.masking import Mask
from edgevoice.realtime.server_events import EdgevoiceConversation
from edgevoice.transceiver.flight import Beginning
from edgevoice.transceiver.flight_record import Recorded, as_text
from edgevoice.transceiver.inputs import EventReceived, Input
from edgevoice.transceiver.setup import Setup
from edgevoice.transceiver.step import BUGS, broken_by
from edgevoice.transceiver.transceiver import Transceiver


@dataclass(frozen=True, slots=True)
class Played:
    recorded: Recorded
    actions: tuple[str, ...]
    state: str
    is_same: bool | None
    """None: the record begins in the middle of something, and this cannot be played yet."""
    broken: str = ""


def build(setup: Setup) -> Transceiver:
    return Transceiver(**{field.name: getattr(setup, field.name) for field in fields(setup)})


def replay(
    entries: Iterable[Beginning | Recorded],
    *,
    is_masked: bool = False,
    build: Callable[[Setup], Transceiver] = build,
) -> Iterator[Played]:
    """Step by step. Anew at each beginning; as far as the next one after an invariant broke.

    `is_masked`: the record is, so what is done now is compared without words as well.
    """
    mind: Transceiver | None = None
    mask = Mask() if is_masked else None
    for entry in entries:
        if isinstance(entry, Beginning):
            mind = build(entry.setup)
        elif mind is None:
            yield Played(entry, (), "", None)
        else:
            played = _play(mind, entry, mask)
            mind = None if played.broken else mind
            yield played


def _play(mind: Transceiver, recorded: Recorded, mask: Mask | None) -> Played:
    happened = recorded.happened if mask is None else _unnamed(recorded.happened, mask)
    try:
        actions = mind.handle(happened, recorded.now)
    except BUGS as error:
        broken = broken_by(error)
        return Played(recorded, (), mind.state.value, recorded.broken == broken, broken)
    told = tuple(as_text(action, mask) for action in actions)
    is_same = (told, mind.state.value, "") == (recorded.actions, recorded.state, recorded.broken)
    return Played(recorded, told, mind.state.value, is_same)


def _unnamed(happened: Input, mask: Mask) -> Input:
    """The relay's digest of masked words is the one that we have made of them."""
    match happened:
        case EventReceived(EdgevoiceConversation(digest=name) as event) if name:
            return EventReceived(structs.replace(event, digest=mask.digest(name)))
    return happened
