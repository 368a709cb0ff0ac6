import pytest

from edgevoice.simulator.soak.__main__ import head, main, per_hour, talks_of
from edgevoice.simulator.soak.ledger import Episode
from edgevoice.simulator.soak.schedule import TALKS
from edgevoice.simulator.soak.soak import Options, Outcome


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--talks", "sing"], "no talk is called ['sing']; there are: question"),
        (["--minutes", "0"], "are more than nothing"),
        (["--rate", "-1"], "are more than nothing"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert told in capsys.readouterr().err


def test_the_parrot_announces_nothing() -> None:
    assert talks_of("local") == TALKS
    assert set(TALKS) - set(talks_of("parrot")) == {"announcement"}


def test_conversations_an_hour_as_they_came() -> None:
    episodes = [Episode(n, "question", 30.0 * n, ended_s=30.0 * n + 30) for n in range(10)]
    assert per_hour(Outcome(episodes, [], [], [], [])) == 120.0
    assert per_hour(Outcome([], [], [], [], [])) == 0.0


def test_the_head_says_how_links_are_cut() -> None:
    assert head(Options(isolated=True), "local")[-1].endswith("loopback is taken down")
    assert head(Options(), "local")[-1].endswith("the relay is stopped")
