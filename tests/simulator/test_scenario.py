"""Scenario files: what is read from them, and that every mistake is named at once."""

from pathlib import Path

import pytest

from edgevoice.errors import ScenarioError
from edgevoice.simulator.scenario import PACKAGED, Command, Echo, Expect, Play, Press, find, read


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "scene.yaml"
    path.write_text(text)
    (tmp_path / "hello.wav").write_bytes(b"not read here")
    return path


def test_each_verb_becomes_a_step(tmp_path: Path) -> None:
    scene = read(
        written(
            tmp_path,
            """
            name: all verbs
            relay: parrot
            echo: {delay_ms: 120, level_db: -20}
            steps:
              - {at: 1.5, play: hello.wav}
              - {expect: answer, matching: "it (is|was)", within: 3}
              - {after: 0.5, press: button}
              - {do: mute}
              - {press: long}
            require: {answers: 1, lost_samples: 0}
            """,
        )
    )
    play, expect, press, command, hold = scene.steps
    assert play.verb == Play(tmp_path / "hello.wav") and play.at_s == 1.5
    assert isinstance(expect.verb, Expect) and expect.verb.matching is not None
    assert expect.verb.matching.search("It WAS ten") and expect.verb.within_s == 3.0
    assert press.verb == Press() and press.after_s == 0.5
    assert command.verb == Command("mute")
    assert hold.verb == Press("long")
    assert scene.relay == "parrot" and scene.require.answers == 1
    assert scene.echo == Echo(delay_ms=120, level_db=-20, saturation=0.0, drift_ppm=0.0)


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        relay: cloud
        steps:
          - {play: nowhere.wav}
          - {expect: applause}
          - {play: hello.wav, press: button}
          - {expect: idle, within: -1}
          - {expect: heard, matching: "("}
          - {press: button, within: 2}
          - {paly: hello.wav}
        echo: {delay_ms: 900, loudness: 3, saturation: much}
        require: {answers: many, applause: 1}
        """,
    )
    with pytest.raises(ScenarioError) as raised:
        read(path)
    text = str(raised.value)
    for part in (
        "relay: local or parrot",
        "steps[0].play: nowhere.wav",
        "steps[1].expect: one of",
        "steps[2]: exactly one of",
        "steps[3].within: seconds",
        "steps[4].matching: not a regular expression",
        "steps[5]: matching and within go with expect",
        "steps[6]: unknown key 'paly'",
        "require.answers: a whole number",
        "require: unknown key 'applause'; known: answers, interruptions, wakes, lost_samples",
        "echo: unknown key 'loudness'",
        "echo.delay_ms: a number from 0 to 500, not 900",
        "echo.saturation: a number from 0 to 10, not 'much'",
    ):
        assert part in text


@pytest.mark.parametrize("text", ["", "- a\n- b", "steps: 3", "a: [", "steps: []"])
def test_what_is_not_a_scenario_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ScenarioError, match="scene.yaml"):
        read(written(tmp_path, text))


def test_broken_yaml_and_binary_files_cost_one_line_each(tmp_path: Path) -> None:
    path = written(tmp_path, "steps:\n  - {play: [}\n")
    with pytest.raises(ScenarioError, match=r"scene\.yaml:2: ") as raised:
        read(path)
    assert "\n" not in str(raised.value)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="no text file"):
        read(path)


def test_packaged_scenarios_can_be_read_by_name() -> None:
    names = [path.stem for path in PACKAGED.glob("*.yaml")]
    assert {"kitchen", "interruption", "monologue"} <= set(names)
    for name in names:
        assert read(find(name)).steps


def test_an_unknown_scenario_lists_the_packaged_ones() -> None:
    with pytest.raises(ScenarioError, match="kitchen"):
        find("bathroom")
