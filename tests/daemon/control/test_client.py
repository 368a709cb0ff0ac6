"""What the daemon answered, and what something else on its socket may say."""

import pytest

from edgevoice.daemon.control.client import read
from edgevoice.errors import ControlError


def test_an_answer_is_what_was_asked_for() -> None:
    assert read(b'{"ok": true, "volume": 40}\n', "socket") == {"volume": 40}


def test_a_refusal_says_why() -> None:
    with pytest.raises(ControlError, match="it is muted"):
        read(b'{"ok": false, "error": "it is muted"}\n', "socket")


@pytest.mark.parametrize(
    "line", [b"", b"hello\n", b"null\n", b"[1]\n", b'"ok"\n', b"\xff\n", b"[" * 100_000]
)
def test_something_else_that_listens_there_is_said(line: bytes) -> None:
    with pytest.raises(ControlError, match="is it edgevoice that listens there"):
        read(line, "socket")
