import pytest

from edgevoice.transceiver.indication import SESSION, Facts, Indication, indication
from edgevoice.transceiver.states import State


@pytest.mark.parametrize("state", [state for state in State if state is not State.IDLE])
def test_no_fact_of_an_open_session_hides_that_the_gate_may_be_open(state):
    assert indication(state, Facts(ringing=True, offline=True, speaker_lost=True)) in SESSION


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        (Facts(), Indication.IDLE),
        (Facts(offline=True), Indication.OFFLINE),
        (Facts(offline=True, ringing=True), Indication.RINGING),
        (Facts(offline=True, missed=True), Indication.MISSED),
        (Facts(missed=True, announcing=True), Indication.ANNOUNCING),
        (Facts(ringing=True, announcing=True), Indication.RINGING),
        (Facts(quiet=True), Indication.IDLE),
        (Facts(ringing=True, microphone_lost=True), Indication.ERROR),
        (Facts(microphone_lost=True, muted=True), Indication.MUTED),
        (Facts(ringing=True, speaker_lost=True), Indication.ERROR),
        (Facts(speaker_lost=True, muted=True), Indication.MUTED),
    ],
)
def test_the_more_important_truth_wins(facts, shown):
    assert indication(State.IDLE, facts) is shown
