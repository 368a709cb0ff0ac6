from pathlib import Path

import pytest

from edgevoice.errors import ConfigError, LinkAbsent
from edgevoice.neighbours.discovery import FoundRelay
from edgevoice.owner.pair import checked, keep, the_one

KITCHEN = FoundRelay("kitchen.local", "https://kitchen.local:8790", "https://192.0.2.1:8790")
CELLAR = FoundRelay("cellar.local", "https://cellar.local:8790", "https://192.0.2.2:8790")


def test_the_only_relay_is_taken() -> None:
    assert the_one([KITCHEN]) is KITCHEN


def test_of_several_the_owner_chooses() -> None:
    with pytest.raises(LinkAbsent, match="edgevoice pair https://cellar.local:8790"):
        the_one([KITCHEN, CELLAR])


def test_where_none_answers_it_is_said_what_to_do() -> None:
    with pytest.raises(LinkAbsent, match="edgevoice pair URL"):
        the_one([])


@pytest.mark.parametrize(
    "url", ["relay", "relay.lan:8790", "https://", "https://[::1", "https://relay:99999", "ftp://a"]
)
def test_what_is_no_address_is_said(url: str) -> None:
    with pytest.raises(ConfigError, match="is no address of a relay"):
        checked(url)


def test_a_link_in_the_services_folder_leads_root_nowhere(tmp_path: Path) -> None:
    theirs, link = tmp_path / "shadow", tmp_path / "relay-ca.pem"
    theirs.write_text("secret")
    link.symlink_to(theirs)
    keep(link, "the authority")
    assert (theirs.read_text(), theirs.owner()) == ("secret", tmp_path.owner())
    assert not link.is_symlink()
    assert link.read_text() == "the authority"
