"""The token file: found, read, and complained about in the owner's terms."""

from pathlib import Path

import pytest

from edgevoice.config import LinkConfig
from edgevoice.daemon.credentials import credential, read_token
from edgevoice.errors import CredentialError
from edgevoice.identity import device_key
from edgevoice.link.credential import SignedToken


def test_the_token_is_the_one_word_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("ev_abc\n")
    assert read_token(str(tmp_path / "token")) == "ev_abc"


def test_the_service_managers_copy_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("ev_credential\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_token("/nonexistent/token") == "ev_credential"


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="edgevoice relay token NAME"):
        read_token(str(tmp_path / "none"))


@pytest.mark.parametrize(
    "content", [b"", b"\n \n", b"two words", b"a\x00b", b"\xff\xfe", b"x" * 9_000]
)
def test_what_is_no_token_is_refused_without_being_shown(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(CredentialError) as refused:
        read_token(str(tmp_path / "token"))
    assert "two words" not in str(refused.value)


def test_a_folder_in_its_place_is_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="cannot be read"):
        read_token(str(tmp_path))


def test_an_empty_credential_names_the_file_the_owner_has_to_fill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(CredentialError, match="no token at /etc/edgevoice/token; introduce"):
        read_token("/etc/edgevoice/token")


def test_the_service_managers_copy_of_the_boards_key_is_used_and_may_show_a_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, nowhere = tmp_path / "device.key", str(tmp_path / "nowhere")
    device_key.create(copy)
    copy.chmod(0o440)  # how an access list for one user looks
    (tmp_path / "token").write_text("\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert isinstance(credential(LinkConfig(token_file=nowhere, key_file=nowhere)), SignedToken)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(CredentialError, match="can be read by others"):
        credential(LinkConfig(token_file=nowhere, key_file=str(copy)))
