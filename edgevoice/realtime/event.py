"""What every event of the Realtime protocol has in common."""

from typing import Annotated, Any

from msgspec import Meta, Struct

MAX_INTEGER = 2**53 - 1
"""The largest integer every JSON implementation keeps exact (RFC 7493, 2.2)."""

Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Integer = Annotated[int, Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]


class Event(Struct, frozen=True, kw_only=True, tag=False, tag_field="type", omit_defaults=True):
    """A message on the wire. `event_id` is empty until the sender has set one."""

    event_id: str = ""

    @property
    def type(self) -> str:
        return str(self.__struct_config__.tag)


class UnknownEvent(Struct, frozen=True):
    """An event of a type this version does not know; `raw` is all of it."""

    type: str
    raw: dict[str, Any]

    @property
    def event_id(self) -> str:
        found = self.raw.get("event_id")
        return found if isinstance(found, str) else ""
