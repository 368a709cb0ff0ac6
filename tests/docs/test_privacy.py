"""The numbers on the page about privacy are those of the program."""

from edgevoice.config import Config
from edgevoice.daemon.diary import failures, privacy_files, reasons, turn_history
from edgevoice.link.relay_link import WARM_S
from edgevoice.transceiver.limits import BUTTON_LEAD_SAMPLES
from tests.docs.pages import ROOT, text

PAGE = " ".join(text(ROOT / "docs" / "privacy.md").split())


def test_how_much_is_sent_from_before_it_was_woken():
    assert f"{Config().wake.phrase_s:g} seconds before (`wake.phrase_s`)" in PAGE
    assert f"is {Config().wake.phrase_s:g} seconds long" in PAGE
    assert f"{BUTTON_LEAD_SAMPLES / 16_000:g} seconds before the press" in PAGE
    assert f"the last {Config().microphone.ring_s:g} seconds (`microphone.ring_s`)" in PAGE


def test_what_an_idle_board_sends():
    assert f"every {WARM_S:g} seconds" in PAGE
    config = Config()
    assert not config.link.warm_standby
    assert not config.link.speculative_connect
    assert not config.announcements.listen


def test_how_long_it_is_kept():
    assert f"{Config().context.keep_minutes:g} minutes (`context.keep_minutes`)" in PAGE
    assert f"for {Config().relay.context_minutes:g} minutes (`relay.context_minutes`)" in PAGE
    megabytes = privacy_files.MOST_BYTES >> 20
    assert f"{privacy_files.MOST_MONTHS} months or {megabytes} MB" in PAGE
    assert f"the last {turn_history.MOST_TURNS}" in PAGE
    assert f"the last {reasons.MOST_OF_A_KIND} of each kind" in PAGE
    assert f"the last {failures.MOST_OF_A_KIND} of each kind" in PAGE
    assert f"the last {Config().recording.turns} turns" in PAGE
    assert not Config().recording.enabled
