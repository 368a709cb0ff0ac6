"""What lies in the state folder has a name, and a command that erases it."""

from pathlib import Path

from edgevoice.daemon.diary.kept import erasable, erase, erasing, kept, kind_of
from tests.daemon.diary.test_forgetting import plant


def test_every_file_of_ours_is_known_and_others_are_told_as_unknown(tmp_path: Path) -> None:
    plant(tmp_path)
    (tmp_path / "diary.txt").write_text("not ours")
    told = kept(tmp_path)
    assert told["unknown"] == {"files": 1, "bytes": 8, "erased_by": None}
    assert told["when audio left the board"]["files"] == 4
    assert kind_of("recordings/000001-x/heard.wav").erased_by == "forget --all"


def test_only_what_was_asked_for_is_erased(tmp_path: Path) -> None:
    plant(tmp_path)
    words = erasing(everything=False, key=False)
    assert erasable(tmp_path, words) == ["the conversation, while it is remembered"]
    assert erase(tmp_path, words) == []
    assert not (tmp_path / "context.json").exists() and (tmp_path / "turns.jsonl").exists()
    assert erase(tmp_path, erasing(everything=True, key=False)) == []
    assert (tmp_path / "device.key").exists() and (tmp_path / "settings.json").exists()
    assert not (tmp_path / "recordings").exists()


def test_what_an_older_version_has_left_of_words_goes_with_all(tmp_path: Path) -> None:
    (tmp_path / "flight-record.jsonl").write_text("words")
    assert erase(tmp_path, erasing(everything=True, key=False)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert kept(tmp_path / "none") == {}


def test_a_link_leads_to_no_other_folder(tmp_path: Path) -> None:
    empty = tmp_path / "elsewhere/empty"
    empty.mkdir(parents=True)
    directory = tmp_path / "state"
    directory.mkdir()
    (directory / "recordings").symlink_to(tmp_path / "elsewhere")
    assert erase(directory, erasing(everything=False, key=False)) == []
    assert empty.is_dir()
