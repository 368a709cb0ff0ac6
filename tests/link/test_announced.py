"""What a relay says it has to announce."""

import pytest

from edgevoice.errors import LinkError
from edgevoice.link.announced import Announced, read


def test_announcements_are_read() -> None:
    body = b'{"announcements":[{"text":"dinner","urgent":true},{"text":"tea"}]}'
    assert read(body) == [Announced("dinner", True), Announced("tea", False)]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"announcements":[{"text":""}]}', b'{"announcements":[{"text":"\xff"}]}'],
)
def test_anything_else_is_no_answer_of_a_relay(body: bytes) -> None:
    with pytest.raises(LinkError, match="announcements cannot be read"):
        read(body)
