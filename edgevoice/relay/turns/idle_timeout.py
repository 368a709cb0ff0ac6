"""When a silence after an answer has lasted too long (`idle_timeout_ms`). Pure, in sample time.

Rule 1: only the end of an answer begins it; a session in which nothing was said yet may be silent.
Rule 2: whoever speaks makes it begin anew; the next answer ends it.
"""


class IdleTimeout:
    def __init__(self) -> None:
        self._answering = False
        self._since: int | None = None

    def hear(self, position: int, *, answering: bool, speaking: bool) -> None:
        """So far the client's sound has come. `answering`: an answer is made or played;
        `speaking`: a turn of the user's is heard or being recognised."""
        if answering:
            self._since = None
        elif self._answering or (speaking and self._since is not None):
            self._since = position
        self._answering = answering

    def silence(self, position: int, limit: int | None) -> int | None:
        """Where a silence of `limit` samples began, told once; None: there is none."""
        since = self._since
        if since is None or limit is None or position - since < limit:
            return None
        self._since = None
        return since
