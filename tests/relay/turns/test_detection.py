"""What a session says about turns, as rules."""

import pytest

from edgevoice.config import DetectionConfig
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.session import SemanticVad, ServerVad
from edgevoice.relay.turns.detection import default_detection, turn_rules
from edgevoice.relay.turns.turn_detector import TurnRules, samples


@pytest.mark.parametrize(
    ("eagerness", "seconds"), [("low", 8), ("medium", 4), ("auto", 4), ("high", 2)]
)
def test_eagerness_is_how_long_an_unfinished_sentence_is_waited_for(eagerness, seconds):
    rules = turn_rules(SemanticVad(eagerness=eagerness))
    assert rules is not None
    assert rules.patience == samples(1000 * seconds)
    assert rules.silence < rules.patience


def test_nobody_judges_where_silence_ends_turns():
    assert turn_rules(ServerVad(silence_duration_ms=300)) == TurnRules(silence=samples(300))
    assert turn_rules(None) is None


@pytest.mark.parametrize("detection", [SemanticVad(eagerness="very"), ServerVad(idle_timeout_ms=1)])
def test_what_cannot_be_is_refused(detection):
    with pytest.raises(RemoteProtocolError, match=r"turn_detection\.(eagerness|idle_timeout_ms)"):
        turn_rules(detection)


def test_the_owner_says_how_turns_end_where_the_client_does_not():
    owner = DetectionConfig(mode="server_vad", threshold=0.7, silence_duration_ms=800)
    assert default_detection(owner) == ServerVad(threshold=0.7, silence_duration_ms=800)
    patient = DetectionConfig(mode="semantic_vad", eagerness="low")
    assert default_detection(patient) == SemanticVad(eagerness="low")
