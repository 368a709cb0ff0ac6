"""What a tool answered, as text that a model can use and a conversation can hold. Pure."""

from collections.abc import Iterable

from edgevoice.relay.tool_use.toolbox import ToolResult

MAX_LETTERS = 6_000
"""Of one result: a tenth of what a conversation holds."""
CUT = " … (cut: the result was longer)"


def result_of(texts: Iterable[str], others: int, structured: str, failed: bool) -> ToolResult:
    """`others`: pictures, sounds and files; `structured`: JSON, used where there is no text."""
    text = "\n".join(part for part in texts if part).strip() or structured
    if others:
        text = f"{text}\n({others} parts that are no text were left out)".strip()
    return ToolResult(bounded(text or ("it failed" if failed else "done")), failed)


def failure(text: str) -> ToolResult:
    return ToolResult(bounded(text), failed=True)


def bounded(text: str) -> str:
    """Half a character of a pair is what JSON can carry and UTF-8 cannot."""
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= MAX_LETTERS else text[: MAX_LETTERS - len(CUT)] + CUT
