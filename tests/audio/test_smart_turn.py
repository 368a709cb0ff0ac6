"""Smart Turn, on recordings: whole ones sound finished, and those that break off do not."""

import numpy as np
import pytest

from edgevoice.audio.smart_turn import HEARS, SmartTurn
from tests.recordings import quiet, scene, speech


@pytest.fixture(scope="module")
def smart_turn(models_dir) -> SmartTurn:
    return SmartTurn(models_dir)


@pytest.mark.models
@pytest.mark.parametrize("name", ["set_timer", "what_time_is_it", "alexa_go_to_dark_forest"])
def test_an_order_sounds_finished(smart_turn, name):
    assert smart_turn.finished(scene(name, 0.2)) > 0.8


@pytest.mark.models
def test_a_question_that_breaks_off_does_not(smart_turn):
    question = speech("alexa_what_are_the_news_headlines")
    assert smart_turn.finished(question[: len(question) // 2]) < 0.2


@pytest.mark.models
def test_only_the_last_eight_seconds_count(smart_turn):
    order = scene(8.0, "set_timer", 0.2)
    assert len(order) > HEARS
    assert smart_turn.finished(np.concatenate([quiet(3.0, seed=2), order])) == pytest.approx(
        smart_turn.finished(order)
    )
