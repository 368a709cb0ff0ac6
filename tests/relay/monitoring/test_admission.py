"""Who may look at the relay from outside."""

import pytest

from edgevoice.errors import CredentialError
from edgevoice.relay.monitoring.admission import Admission, read_token
from tests.relay.monitoring.house import TOKEN

HERE = {"Host": "127.0.0.1:8790"}
WITH_TOKEN = HERE | {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "127.8.8.8", "::ffff:127.0.0.1"])
def test_this_machine_needs_no_token(peer):
    assert Admission("", False).admits(peer, HERE)


@pytest.mark.parametrize("host", ["localhost", "localhost:8790", "[::1]:8790", "127.0.0.1"])
def test_by_whatever_name_it_calls_itself(host):
    assert Admission("", False).admits("127.0.0.1", {"Host": host})


@pytest.mark.parametrize("peer", ["192.168.1.5", "::ffff:192.168.1.5", "fe80::1%eth0", ""])
def test_other_machines_need_the_token(peer):
    assert not Admission("", False).admits(peer, HERE)
    assert not Admission(TOKEN, False).admits(peer, HERE)
    assert Admission(TOKEN, False).admits(peer, WITH_TOKEN)


def test_behind_a_proxy_everybody_seems_to_be_this_machine():
    assert not Admission("", behind_proxy=True).admits("127.0.0.1", HERE)
    assert Admission(TOKEN, behind_proxy=True).admits("127.0.0.1", WITH_TOKEN)


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_a_proxy_that_nobody_has_told_us_of(name):
    assert not Admission("", False).admits("127.0.0.1", HERE | {name: "203.0.113.9"})


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_in_a_browser_on_this_machine(site):
    assert not Admission("", False).admits("127.0.0.1", HERE | {"Sec-Fetch-Site": site})
    assert Admission("", False).admits("127.0.0.1", HERE | {"Sec-Fetch-Site": "same-origin"})


@pytest.mark.parametrize("host", ["evil.example:8790", "192.168.1.5:8790", ""])
def test_a_name_that_somebody_has_made_to_point_here(host):
    assert not Admission("", False).admits("127.0.0.1", {"Host": host})


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", "Bearer guess", "Bearer \udcff"]
)
def test_what_is_not_the_token(authorization):
    told = HERE | {"Authorization": authorization}
    assert not Admission(TOKEN, False).admits("192.168.1.5", told)
    assert not Admission("", False).admits("192.168.1.5", told)


def test_the_token_is_read_from_its_file(tmp_path):
    file = tmp_path / "admin"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    assert read_token(str(file), None) == TOKEN
    assert read_token("", None) == ""


def test_the_service_managers_copy_wins(tmp_path):
    (tmp_path / "admin").write_text(TOKEN)
    (tmp_path / "admin").chmod(0o400)
    assert read_token("/nowhere", str(tmp_path)) == TOKEN
    (tmp_path / "admin").chmod(0o600)
    (tmp_path / "admin").write_text("\n")
    assert read_token("", str(tmp_path)) == ""


@pytest.mark.parametrize("text", ["", "short", "two words that are long enough", "ü" * 30])
def test_a_file_that_holds_no_token(tmp_path, text):
    file = tmp_path / "admin"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(CredentialError, match="does not hold an admin token"):
        read_token(str(file), None)


def test_a_token_that_everybody_can_read_is_none(tmp_path):
    file = tmp_path / "admin"
    file.write_text(TOKEN)
    file.chmod(0o644)
    with pytest.raises(CredentialError, match="chmod o-rw"):
        read_token(str(file), None)
    with pytest.raises(CredentialError, match="cannot be read"):
        read_token(str(tmp_path / "missing"), None)
