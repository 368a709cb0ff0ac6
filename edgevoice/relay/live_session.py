"""What the relay's calls want of a session: one that is carried here, or one that is brokered."""

from collections.abc import Callable
from typing import Protocol

from edgevoice.audio.departures import Departures
from edgevoice.realtime.conversation import Conversation
from edgevoice.relay.carrying.call_transport import MakeTransport, Received
from edgevoice.relay.carrying.line import Leg
from edgevoice.relay.carrying.sideband import Sidebands
from edgevoice.relay.state import Asked, Told


class LiveSession(Protocol):
    """See session.py, which says what each of them means."""

    on_held: Callable[[str], None]
    on_woken: Callable[[], None]
    on_resumed: Callable[[float], None]
    on_brain_changed: Callable[[], None]
    on_surplus: Callable[[], None]

    @property
    def turns(self) -> int: ...

    @property
    def responses(self) -> int: ...

    @property
    def busy(self) -> bool: ...

    @property
    def engine(self) -> str: ...

    @property
    def is_running(self) -> bool: ...

    @property
    def sidebands(self) -> Sidebands | None:
        """Who has joined it; None: it is joined at the server that carries it."""

    @property
    def extensions(self) -> bool: ...

    @property
    def conversation(self) -> Conversation: ...

    @property
    def may_resume(self) -> bool: ...

    @property
    def received(self) -> Received: ...

    def departures(self) -> Departures: ...

    def watch(self, published: Told, made: Callable[[str], None], asked: Asked) -> None: ...

    def new_leg(self, make_transport: MakeTransport) -> Leg: ...

    def admit(self, leg: Leg) -> bool: ...

    def hang_up(self, reason: str, code: str = "") -> None: ...

    async def run(self) -> str: ...

    async def close(self) -> None: ...
