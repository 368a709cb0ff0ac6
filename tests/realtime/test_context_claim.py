"""What a device says it knows, over the wire and back."""

import pytest

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.context_claim import ContextClaim, parse_header

CLAIM = ContextClaim("conv_1", "item_2", "0123456789abcdef", 7)
HEADER = "conv_1@item_2;digest=0123456789abcdef;items=7"


def test_it_is_read_as_it_was_written() -> None:
    assert CLAIM.header == HEADER
    assert parse_header(CLAIM.header) == CLAIM


@pytest.mark.parametrize(
    "value",
    [
        "",
        "conv_1",
        "conv_1@item_2",
        HEADER.replace("7", "0"),
        HEADER.replace("7", "1234567"),
        HEADER.replace("abcdef", "ABCDEF"),
        HEADER.replace("abcdef", "abcde"),
        HEADER.replace("item_2", "item 2"),
        HEADER.replace("item_2", "i" * 65),
        HEADER.replace("item_2", "ïtem"),
        HEADER.replace("conv_1", ""),
        HEADER + ";more=1",
        HEADER + "\n" + HEADER,
    ],
)
def test_what_is_no_claim_is_refused_with_what_would_be(value: str) -> None:
    with pytest.raises(RemoteProtocolError, match="must read CONVERSATION@ITEM;digest="):
        parse_header(value)


def test_names_that_fit_no_header_are_not_sent() -> None:
    assert CLAIM.is_sendable
    for name in ("a b", "a;b", "a@b", "ä", "a\r\nb", "", "a" * 65):
        assert not ContextClaim("conv_1", name, CLAIM.digest, 1).is_sendable
        assert not ContextClaim(name, "item_2", CLAIM.digest, 1).is_sendable
