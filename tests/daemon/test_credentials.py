"""The token file: found, read, and complained about in the owner's terms."""

from pathlib import Path

import pytest

from edgevoice.daemon.credentials import read_token
from edgevoice.errors import CredentialError


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
