"""What a conversation is made of: messages, tool calls and what came back.

Every item is a frozen struct whose JSON `type` is its msgspec tag. Roles and
statuses, which OpenAI may extend, stay text; an item of a type we do not know
survives as `UnknownItem`. Order and bounds live in `conversation.py`, bytes in
`wire.py`.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field


class Item:
    """Base of every item; `id` is empty until somebody has given it one."""

    __slots__ = ()

    @property
    def id(self) -> str:
        raise NotImplementedError

    @property
    def type(self) -> str:
        raise NotImplementedError


class UnknownItem(Item):
    """An item of a type this version does not know; written back as it was read."""

    __slots__ = ("raw",)

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw

    @property
    def id(self) -> str:
        found = self.raw.get("id")
        return found if isinstance(found, str) else ""

    @property
    def type(self) -> str:
        return str(self.raw.get("type", ""))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnknownItem) and self.raw == other.raw

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"UnknownItem({self.type!r}, {self.id!r})"


class _KnownItem(
    Struct, Item, frozen=True, kw_only=True, tag=False, tag_field="type", omit_defaults=True
):
    id: str = ""
    object: str | None = None
    status: str | None = None

    @property
    def type(self) -> str:
        return str(self.__struct_config__.tag)


class ContentPart(Struct, frozen=True, omit_defaults=True):
    """One part of a message: `input_text`, `input_audio`, `output_text`, `output_audio`, ..."""

    type: str
    text: str | None = None
    transcript: str | None = None
    audio: str | None = None
    image_url: str | None = None
    detail: str | None = None

    @property
    def words(self) -> str:
        """What was written or said; empty while nobody knows."""
        return self.text or self.transcript or ""


class Message(_KnownItem, frozen=True, tag="message"):
    role: str
    content: tuple[ContentPart, ...] = field(default_factory=lambda: ())
    """A factory, because msgspec leaves out what equals a plain default; clients want `[]`."""


class FunctionCall(_KnownItem, frozen=True, tag="function_call"):
    name: str
    arguments: str
    call_id: str = ""


class FunctionCallOutput(_KnownItem, frozen=True, tag="function_call_output"):
    call_id: str
    output: str


class McpListTools(_KnownItem, frozen=True, tag="mcp_list_tools"):
    server_label: str
    tools: tuple[dict[str, Any], ...]


class McpCall(_KnownItem, frozen=True, tag="mcp_call"):
    server_label: str
    name: str
    arguments: str
    approval_request_id: str | None = None
    output: str | None = field(default_factory=lambda: None)
    """Written as null, too: one SDK wants it to be there."""
    error: Any = None


class McpApprovalRequest(_KnownItem, frozen=True, tag="mcp_approval_request"):
    server_label: str
    name: str
    arguments: str


class McpApprovalResponse(_KnownItem, frozen=True, tag="mcp_approval_response"):
    approval_request_id: str
    approve: bool
    reason: str | None = None


class ItemReference(_KnownItem, frozen=True, tag="item_reference"):
    """Stands for an item of the conversation in `response.create`'s input."""


KNOWN: dict[str, type[Struct]] = {
    str(known.__struct_config__.tag): known
    for known in (
        Message,
        FunctionCall,
        FunctionCallOutput,
        McpListTools,
        McpCall,
        McpApprovalRequest,
        McpApprovalResponse,
        ItemReference,
    )
}


def user_text(text: str, id: str = "") -> Message:
    return Message("user", (ContentPart("input_text", text=text),), id=id)


def system_text(text: str, id: str = "") -> Message:
    return Message("system", (ContentPart("input_text", text=text),), id=id)


def assistant_text(text: str, id: str = "") -> Message:
    return Message("assistant", (ContentPart("output_text", text=text),), id=id)


def user_audio(transcript: str | None = None, id: str = "", status: str | None = None) -> Message:
    part = ContentPart("input_audio", transcript=transcript)
    return Message("user", (part,), id=id, status=status)


def assistant_audio(transcript: str, id: str = "", status: str | None = None) -> Message:
    part = ContentPart("output_audio", transcript=transcript)
    return Message("assistant", (part,), id=id, status=status)


def function_output(call_id: str, output: str, id: str = "") -> FunctionCallOutput:
    """`output` is JSON text, as the protocol wants it."""
    return FunctionCallOutput(call_id, output, id=id)
