"""Server-sent events of OpenAI-compatible servers: `data: ...` lines up to `[DONE]`. Pure."""

from edgevoice.errors import EngineError


class EventStream:
    """Bytes in, in any pieces; the data of whole events out. Each line is one event."""

    LIMIT = 1_048_576
    """A line this long is no event of such a server."""

    def __init__(self) -> None:
        self.done = False
        self._line = b""

    def push(self, data: bytes) -> list[str]:
        *lines, self._line = (self._line + data).split(b"\n")
        if len(self._line) > self.LIMIT:
            raise EngineError("the server sent a line without end")
        return [event for line in lines if (event := self._take(line))]

    def finish(self) -> list[str]:
        """The stream has ended, perhaps in the middle of a line."""
        return self.push(b"\n")

    def _take(self, line: bytes) -> str:
        """Comments and other fields than `data` mean nothing here."""
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.strip()
        if self.done or name != "data":
            return ""
        self.done = value == "[DONE]"
        return "" if self.done else value


class WholeBody(EventStream):
    """The same for a server that does not stream: the body is one event."""

    def push(self, data: bytes) -> list[str]:
        self._line += data
        if len(self._line) > self.LIMIT:
            raise EngineError("the server sent an answer without end")
        return []

    def finish(self) -> list[str]:
        return [self._line.decode("utf-8", "replace")]
