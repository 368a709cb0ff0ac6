"""Who may call, and how the file of tokens is made, read and mended."""

import hashlib
import logging
import os
from pathlib import Path

import pytest

from edgevoice.errors import CredentialError
from edgevoice.relay.access.tokens import Tokens, create, revoke


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "tokens")


def loaded(path):
    tokens = Tokens(path)
    tokens.load()
    return tokens


def test_a_new_token_admits_by_its_name(path):
    token = create(path, "kitchen")
    assert loaded(path).name_of(token) == "kitchen"


def test_tokens_are_long_random_and_not_in_the_file(path):
    first, second = create(path, "kitchen"), create(path, "hall")
    assert first != second
    assert len(first) >= 43
    text = Path(path).read_text()
    assert first not in text
    assert f"kitchen:{hashlib.sha256(first.encode()).hexdigest()}\n" in text


def test_only_its_owner_may_read_a_new_file(path):
    create(path, "kitchen")
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_changed_file_is_read_again_and_keeps_its_mode(path):
    kitchen = create(path, "kitchen")
    os.chmod(path, 0o640)
    tokens = loaded(path)
    hall = create(path, "hall")
    assert tokens.name_of(hall) == "hall"
    revoke(path, "kitchen")
    assert tokens.name_of(kitchen) is None
    assert os.stat(path).st_mode & 0o777 == 0o640


@pytest.mark.parametrize("token", ["", "x", "Bearer", "ev_" + "x" * 43, "\udcff" * 30, "ü" * 30])
def test_other_tokens_admit_nobody(path, token):
    create(path, "kitchen")
    assert loaded(path).name_of(token) is None


def test_without_a_file_the_error_says_how_to_make_one(path):
    with pytest.raises(CredentialError, match="edgevoice relay token NAME"):
        Tokens(path).load()


def test_an_empty_file_is_refused_with_the_remedy(path):
    Path(path).write_text("# nobody yet\n\n")
    with pytest.raises(CredentialError, match="holds no token"):
        Tokens(path).load()


@pytest.mark.parametrize(
    "line",
    [
        "kitchen",
        "kitchen:",
        "kitchen:abc",
        "kit chen:" + "0" * 64,
        ":" + "0" * 64,
        "kitchen:" + "A" * 64,
        "good:" + "1" * 64,
    ],
)
def test_a_broken_line_is_named(path, line):
    Path(path).write_text(f"good:{'0' * 64}\n{line}\n")
    with pytest.raises(CredentialError, match="line 2"):
        Tokens(path).load()


def test_a_guessable_token_is_refused(path):
    Path(path).write_text(f"kitchen:{hashlib.sha256(b'changeme').hexdigest()}\n")
    with pytest.raises(CredentialError, match="guess"):
        Tokens(path).load()


def test_a_file_broken_while_running_changes_nothing_and_is_logged(path, caplog):
    token = create(path, "kitchen")
    tokens = loaded(path)
    with caplog.at_level(logging.ERROR):
        Path(path).write_text(Path(path).read_text() + "what?\n")
        assert tokens.name_of(token) == "kitchen"
        assert tokens.name_of(token) == "kitchen"
    assert len(caplog.records) == 1


def test_a_file_removed_while_running_admits_nobody(path):
    token = create(path, "kitchen")
    tokens = loaded(path)
    os.remove(path)
    assert tokens.name_of(token) is None


def test_a_file_that_everybody_reads_is_warned_of(path, caplog):
    create(path, "kitchen")
    os.chmod(path, 0o644)
    loaded(path)
    assert "chmod" in caplog.text


def test_names_are_unique_and_plain(path):
    create(path, "kitchen")
    with pytest.raises(CredentialError, match="already"):
        create(path, "kitchen")
    with pytest.raises(CredentialError, match="no token name"):
        create(path, "../etc")
    with pytest.raises(CredentialError, match="no token name"):
        create(path, "dev_abcdefghij234567")  # a device's
    with pytest.raises(CredentialError, match="no token named"):
        revoke(path, "attic")


def test_a_folder_that_is_missing_is_said(tmp_path):
    with pytest.raises(CredentialError, match="cannot write"):
        create(str(tmp_path / "nowhere" / "tokens"), "kitchen")


def test_a_lent_token_is_good_without_any_file(tmp_path: Path) -> None:
    tokens = Tokens(str(tmp_path / "none"))
    tokens.lend("this-board", "ev_" + "x" * 40)
    tokens.load()
    assert tokens.name_of("ev_" + "x" * 40) == "this-board"
    assert tokens.name_of("ev_" + "y" * 40) is None


def test_a_folder_that_is_gone_changes_nothing_and_is_logged_once(tmp_path, caplog):
    folder = tmp_path / "etc"
    folder.mkdir()
    token = create(str(folder / "tokens"), "kitchen")
    tokens = loaded(str(folder / "tokens"))
    folder.rename(tmp_path / "away")
    folder.write_text("a file where the folder was")
    assert [tokens.name_of(token) for _ in range(3)] == ["kitchen"] * 3
    assert tokens.revision() == tokens.revision()
    assert caplog.text.count("tokens unchanged") == 1
    folder.unlink()
    assert tokens.name_of(token) is None
