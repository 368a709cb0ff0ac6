"""The table of commands: each subject adds its own, and the unknown are told what there is."""

import pytest

from edgevoice.daemon.control.commands import Command, Commands
from edgevoice.errors import ControlError


def commands() -> Commands:
    table = Commands()
    table.add({"look": Command(lambda argument: {"seen": "sea"}, "out of the window", looks=True)})
    table.add({"go": Command(lambda argument: {"gone": argument}, "somewhere", argument=True)})
    return table


def test_an_argument_reaches_only_the_command_that_takes_one() -> None:
    assert commands().obey(" go  to sea \n") == {"gone": "to sea"}
    assert commands().obey("go") == {"gone": ""}
    with pytest.raises(ControlError, match="look takes no argument"):
        commands().obey("look twice")


def test_who_asks_for_the_unknown_is_told_what_is_known() -> None:
    with pytest.raises(ControlError, match="look: out of the window; go: somewhere"):
        commands().obey("dance")


def test_what_only_looks_is_known() -> None:
    told = [commands().only_looks(line) for line in ("look", "look twice", "go", "dance", "")]
    assert told == [True, True, False, False, False]


def test_no_subject_takes_the_name_of_another_ones_command() -> None:
    with pytest.raises(AssertionError, match="go"):
        commands().add({"go": Command(lambda argument: {}, "elsewhere")})


def test_somebodys_words_are_in_no_log() -> None:
    table = commands()
    table.add({"say": Command(lambda words: {}, "it", argument=True, private=True)})
    assert table.loggable("say the secret") == "say"
    assert table.loggable("go home") == "go home"
