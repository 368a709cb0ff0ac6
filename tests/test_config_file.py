"""Defaults < board < config.yaml < config.d < `--set`, and all mistakes in one go."""

import os
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from edgevoice.config import Config
from edgevoice.config_file import MAX_FILE_BYTES, boards, changed, control_socket, effective, load
from edgevoice.errors import ConfigError


def written(folder: Path, **files: str) -> list[Path]:
    """Files a.yaml, b.yaml, ... with these contents."""
    made = []
    for name, text in files.items():
        path = folder / f"{name}.yaml"
        path.write_text(text)
        made.append(path)
    return made


def told(paths: list[Path], *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as failure:
        load(paths, overrides)
    return str(failure.value).splitlines()


def test_nothing_set_means_defaults() -> None:
    assert load([]) == Config()


def test_the_later_file_wins_key_by_key(tmp_path: Path) -> None:
    config = load(
        written(
            tmp_path,
            a="turn: {connect_s: 2, idle_s: 20}\nlamps: [{name: a}]\n",
            b="turn: {idle_s: 10}\nlamps: [{name: b}]\n",
        )
    )
    assert (config.turn.connect_s, config.turn.idle_s) == (2.0, 10.0)
    assert [lamp.name for lamp in config.lamps] == ["b"]  # a list is replaced whole


def test_a_folder_means_its_yaml_files_in_order_of_name(tmp_path: Path) -> None:
    written(tmp_path, b="turn: {idle_s: 2}\n", a="turn: {idle_s: 1, session_s: 9}\n")
    (tmp_path / "c.yaml.bak").write_text("nonsense")
    (tmp_path / "c.yml").write_text("turn: {think_s: 3}\n")
    turn = load([tmp_path]).turn
    assert (turn.idle_s, turn.session_s, turn.think_s) == (2.0, 9.0, 3.0)


def test_the_board_lies_below_every_file(tmp_path: Path) -> None:
    files = written(tmp_path, a="board: respeaker-2mic-v2\nspeaker: {device: USB}\n")
    config = load(files)
    assert config.button.pin == 17
    assert (config.microphone.device, config.speaker.device) == ("seeed", "USB")


def test_the_last_board_named_is_the_one(tmp_path: Path) -> None:
    files = written(tmp_path, a="board: respeaker-2mic-v2\n")
    assert load(files, ["board=none"]).button.pin is None


def test_an_unknown_board_is_told_with_the_known_ones(tmp_path: Path) -> None:
    files = written(tmp_path, a="\nboard: pi\n")
    (mistake,) = told(files)
    assert (
        mistake == f'{files[0]}:2: board: no profile "pi"; the profiles are {", ".join(boards())}'
    )


@pytest.mark.parametrize("name", boards())
def test_every_board_profile_is_a_valid_config(name: str) -> None:
    assert load([], [f"board={name}"]).board == name


def test_an_override_wins(tmp_path: Path) -> None:
    files = written(tmp_path, a="link: {model: a, instructions: b}\n")
    config = load(
        files,
        ["link.model=", "link.instructions=Be brief: yes", 'link.ca_file="x"', "turn.idle_s=3"],
    )
    assert config.link.model == ""
    assert config.link.instructions == "Be brief: yes"
    assert config.link.ca_file == "x"
    assert config.turn.idle_s == 3.0


def test_an_override_can_be_a_list_or_a_section() -> None:
    config = load([], ["wake.words=[{name: computer}]", "turn={idle_s: 3}"])
    assert [word.name for word in config.wake.words] == ["computer"]
    assert config.turn.idle_s == 3.0


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("turn.idle_s", '--set: "turn.idle_s" is not NAME=VALUE'),
        ("turn.idle=3", "--set turn.idle: turn.idle: unknown; did you mean turn.idle_s?"),
        ("turn.idle_s=on", "--set turn.idle_s: turn.idle_s: must be a number, not on"),
        ("turn=3", "--set turn: turn: must be a section of `name: value` lines"),
        ("link.model.x=3", "--set link.model.x: link.model: must be text, not a list or section"),
    ],
)
def test_a_wrong_override_is_told(override: str, expected: str) -> None:
    assert told([], override) == [expected]


def test_an_unfinished_override_is_told_without_a_line() -> None:
    (mistake,) = told([], "lamps=[")
    assert mistake.startswith("--set lamps: not YAML: ")


def test_mistakes_of_all_files_come_together(tmp_path: Path) -> None:
    a, b = written(tmp_path, a="turn: {idle_s: x}\n", b="zzz: 1\nvad: {start_s: 99}\n")
    lines = told([a, b, tmp_path / "missing.yaml"], "board=x")
    assert [line.partition(": ")[0] for line in lines] == [
        "--set board",
        f"{a}:1",
        f"{b}:1",
        f"{b}:2",
        str(tmp_path / "missing.yaml"),
    ]
    assert lines[-1].endswith("cannot be read: No such file or directory")


def test_a_mistake_in_a_setting_that_is_overridden_is_still_told(tmp_path: Path) -> None:
    files = written(tmp_path, a="turn: {idle_s: x}\n")
    assert len(told(files, "turn.idle_s=3")) == 1


def test_a_contradiction_is_told_where_it_was_written(tmp_path: Path) -> None:
    files = written(tmp_path, a="\nrelay:\n  host: 0.0.0.0\n")
    (mistake,) = told(files)
    assert mistake.startswith(f"{files[0]}:3: relay.host: ")


def test_a_contradiction_inside_a_list_is_told_where_the_list_is(tmp_path: Path) -> None:
    files = written(tmp_path, a="button: {pin: 5}\nlamps:\n- pin: 5\n")
    assert [line.partition(": ")[0] for line in told(files)] == [f"{files[0]}:3", f"{files[0]}:1"]


def test_bytes_that_are_not_text_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"link:\n  model: \xff\n")
    assert told([path]) == [f"{path}:2: is not UTF-8 text"]


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    (path,) = written(tmp_path, a="#" * (MAX_FILE_BYTES + 1))
    (mistake,) = told([path])
    assert "not a configuration" in mistake


def test_a_file_nested_without_end_is_told(tmp_path: Path) -> None:
    """It is not read to its end: 3,000 brackets would take 17 s."""
    (path,) = written(tmp_path, a="lamps: " + "[" * 20 + "\n" + "[" * 700 + "]" * 720)
    (mistake,) = told([path])
    assert mistake == f"{path}:1: is nested far too deeply"


@pytest.mark.parametrize(
    "text",
    ['board: "\\UFFFFFFFF"', 'board: "\\U00110000"', f"%YAML {'9' * 5_000}.1\n---\nboard: none"],
)
def test_numbers_that_are_none_of_yamls_are_told(tmp_path: Path, text: str) -> None:
    """PyYAML has no error of its own for them; Python's differ from version to version."""
    (path,) = written(tmp_path, a=text)
    (mistake,) = told([path])
    assert mistake.startswith(f"{path}: not YAML: ")


def test_where_a_setting_was_written_is_known(tmp_path: Path) -> None:
    (path,) = written(tmp_path, a="turn:\n  idle_s: 3\n")
    places = effective([path], ["link.model=x"]).places
    assert {name: str(place) for name, place in places.items()} == {
        "turn.idle_s": f"{path}:2",
        "link.model": "--set link.model",
    }


def test_the_socket_is_found_in_a_configuration_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("control: {socket: /run/other.sock}\nturn: {idle_s: never}\n")
    assert control_socket(Namespace(config=[str(file)], set=None)) == "/run/other.sock"
    file.write_text("turn: [")
    assert control_socket(Namespace(config=[str(file)])) == "/run/edgevoice/control.sock"


def test_what_has_changed_is_told_by_name() -> None:
    config = Config()
    other = replace(config, log_level="debug", turn=replace(config.turn, idle_s=9.0))
    assert changed(config, other) == ("log_level", "turn.idle_s")
    assert changed(config, config) == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_is_closed_is_not_taken_for_empty(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    try:
        assert told([tmp_path]) == [f"{tmp_path}: cannot be read: Permission denied"]
        assert told([tmp_path / "a.yaml"]) == [
            f"{tmp_path}/a.yaml: cannot be read: Permission denied"
        ]
    finally:
        tmp_path.chmod(0o700)
