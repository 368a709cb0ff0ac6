"""The service manager's copy of a secret, and the file itself."""

import os
import pwd
from pathlib import Path

import pytest

from edgevoice.secret_file import hand_over, secret_file


def test_the_copy_wins_unless_it_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert secret_file("/etc/secret", "mqtt") == Path("/etc/secret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert secret_file("/etc/secret", "mqtt") == Path("/etc/secret")
    (tmp_path / "mqtt").write_text("\n")
    assert secret_file("", "mqtt") == Path()
    (tmp_path / "mqtt").write_text("word\n")
    assert secret_file("/etc/secret", "mqtt") == tmp_path / "mqtt"


def test_who_may_not_give_it_away_keeps_it(tmp_path: Path) -> None:
    me = pwd.getpwuid(os.geteuid()).pw_name
    assert hand_over(tmp_path, me)
    assert tmp_path.stat().st_uid == os.geteuid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands anything over")
def test_what_a_link_leads_to_is_not_given_away(tmp_path: Path) -> None:
    mine, link = tmp_path / "shadow", tmp_path / "device.key"
    mine.write_text("secret")
    link.symlink_to(mine)
    assert hand_over(link, "nobody")
    assert mine.stat().st_uid == 0
    assert link.lstat().st_uid == pwd.getpwnam("nobody").pw_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands anything over")
def test_a_service_that_is_not_installed_has_no_user(tmp_path: Path) -> None:
    assert not hand_over(tmp_path, "no-such-service")
