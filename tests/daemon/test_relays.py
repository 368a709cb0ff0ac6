"""Which relays are called: those that somebody named, and the one on this board."""

from pathlib import Path

import pytest

from edgevoice.config import LinkConfig
from edgevoice.daemon.relays import configured
from edgevoice.errors import CredentialError
from edgevoice.link.board_relay import BoardRelay
from edgevoice.link.signalling import Signalling


def link(folder: Path, **changes: str) -> LinkConfig:
    files = {"token_file": str(folder / "token"), "key_file": str(folder / "key")}
    return LinkConfig(**(files | changes))


def test_where_nobody_named_one_the_relay_on_this_board_answers(tmp_path: Path) -> None:
    assert [type(relay) for relay in configured(link(tmp_path))] == [BoardRelay]


def test_one_with_a_token_comes_first(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("ev_abc\n")
    assert [type(relay) for relay in configured(link(tmp_path))] == [Signalling, BoardRelay]


@pytest.mark.parametrize("named", [{"url": "https://relay.lan:8790"}, {"board_card": ""}])
def test_one_that_was_named_needs_something_to_show(tmp_path: Path, named: dict[str, str]) -> None:
    with pytest.raises(CredentialError, match="edgevoice pair"):
        configured(link(tmp_path, **named))
