"""How hooks are put in place, and that each has a story without which it would be a guess."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest

from edgevoice.errors import LinkError, UnsupportedLibrary
from edgevoice.webrtc import hardening
from edgevoice.webrtc.hardening.hooks import (
    AIOICE,
    AIORTC,
    AnyHook,
    Hook,
    Reliance,
    Setting,
    Versions,
    apply,
    attributes,
    exists,
    find,
    warn_of_untested,
)

STORIES = {
    "ice_connections": "test_connection.py::test_sockets_are_opened_where_asked_only",
    "give_up_quietly": "test_connection.py::test_closing_while_connecting_is_not_worth_a_line",
    "close": "test_connection.py::test_whoever_closes_second_may_be_cancelled",
    "let_go": "test_connection.py::test_a_closing_that_is_cut_off_leaves_nothing_running",
    "tap": "test_receive.py::test_rtp_is_handed_over_as_it_comes_and_nothing_decodes_it",
    "limit_ssrcs": "test_receive.py::test_sources_without_end_are_not_remembered",
    "announced_clock": "test_receive.py::test_the_clock_starts_where_it_was_announced",
    "guard": "test_ice.py::test_datagrams_of_strangers_end_nothing",
    "bound_datagrams": "test_ice.py::test_datagrams_nobody_takes_are_dropped_some_day",
    "silent_to_strangers": "test_ice.py::test_strangers_get_no_answer",
    "limit_candidates": "test_ice.py::test_a_peer_has_a_few_addresses_and_not_thousands",
    "nominating_consent": "test_ice.py::test_an_ice_lite_server_keeps_answering",
    "RETRY_RTO": "test_ice.py::test_a_lost_check_costs_a_tenth_of_a_second",
    "pace_transactions": "test_ice.py::test_on_a_slow_line_nothing_is_sent_twice",
    "measure_round_trip": "test_ice.py::test_the_round_trip_is_measured_on_both_ends",
    "write_all": "test_dtls.py::test_a_long_answer_of_openssl_is_sent_whole",
    "read_all": "test_dtls.py::test_every_record_of_a_datagram_is_read",
    "remember_flight": "test_dtls.py::test_a_lost_handshake_flight_costs_a_sixth_of_a_second",
    "resend_flights": "test_dtls.py::test_a_lost_handshake_flight_costs_a_sixth_of_a_second",
    "refuse_empty_parameters": "test_sctp.py::test_a_parameter_without_length_holds_up_nobody",
    "limit_reassembly": "test_sctp.py::test_a_message_without_end_ends_the_session",
    "limit_streams": "test_sctp.py::test_a_peer_with_a_stream_for_every_number_is_let_go",
    "limit_gaps": "test_sctp.py::test_an_acknowledgement_of_millions_is_not_counted_out",
    "distrust_packets": "test_sctp.py::test_chunks_out_of_turn_end_a_session_without_a_traceback",
    "limit_channels": "test_sctp.py::test_a_peer_that_opens_channels_without_end_is_let_go",
    "SCTP_RTO_INITIAL": "test_sctp.py::test_on_an_unknown_line_it_begins_at_a_third_of_a_second",
    "SCTP_RTO_MIN": "test_sctp.py::test_a_lost_last_event_costs_a_fifth_of_a_second",
    "SCTP_MAX_INIT_RETRANS": "test_sctp.py::test_many_lost_beginnings_are_survived",
    "pace_association": "test_sctp.py::test_the_association_begins_at_the_pace_of_the_line",
    "begin_without_tag": "test_sctp.py::test_both_answers_to_a_beginning_may_be_lost",
    "end_with_the_call": (
        "test_sctp.py::test_what_is_unacknowledged_at_the_end_is_no_error_of_anybodys"
    ),
    "open_without_acknowledgement": (
        "test_sctp.py::test_the_channel_opens_without_an_acknowledgement"
    ),
}


def test_every_hook_has_its_story() -> None:
    assert sorted(hook.name for hook in hardening.HOOKS) == sorted(STORIES)
    for story in STORIES.values():
        file, _, name = story.partition("::")
        assert f"def {name}(" in (Path(__file__).parent / file).read_text(), story


def test_every_hook_fits_the_installed_versions() -> None:
    assert hardening.harden() == ()


def test_every_hook_says_what_it_touches() -> None:
    """An attribute that a hook names is one that exists before any hook is in place."""
    for hook in hardening.HOOKS:
        for path in getattr(hook, "relies_on", ()):
            assert exists(path), f"{hook.name}: {path}"


def test_what_keeps_strangers_out_is_security_and_what_is_quick_is_comfort() -> None:
    security = {hook.name for hook in hardening.HOOKS if hook.is_security}
    assert security == {
        "ice_connections",
        "tap",
        "limit_ssrcs",
        "guard",
        "bound_datagrams",
        "silent_to_strangers",
        "limit_candidates",
        "write_all",
        "read_all",
        "refuse_empty_parameters",
        "limit_reassembly",
        "limit_streams",
        "limit_gaps",
        "distrust_packets",
        "limit_channels",
    }


def unchanged(original: Any) -> Any:
    return original


CHANGED: tuple[AnyHook, ...] = (
    Hook("aioice.ice:Connection.close", ("self", "reason"), unchanged, AIOICE),
    Hook("aioice.ice:Connection.hangup", ("self",), unchanged, AIOICE),
    Hook(
        "aioice.ice:Connection.close",
        ("self",),
        unchanged,
        AIOICE,
        attributes("aioice.ice:Connection", "_no_such_list"),
    ),
    Setting("aioice.ice:NO_SUCH_NUMBER", 1, AIOICE),
    Setting("no_such_package.at_all:NUMBER", 1, AIORTC),
    Reliance(
        "ours", "aioice.ice:Connection", AIOICE, ("aioice.ice:Connection._gone",), is_security=False
    ),
)


def test_a_comfort_hook_that_no_longer_fits_is_left_out_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert apply(CHANGED) == tuple(hook.name for hook in CHANGED)
    assert "aioice.ice:Connection.hangup has changed" in caplog.text


@pytest.mark.parametrize(
    "hook",
    [
        Hook("aioice.ice:Connection.hangup", ("self",), unchanged, AIOICE, is_security=True),
        Hook("aioice.ice:Connection.close", ("self", "why"), unchanged, AIOICE, is_security=True),
        Hook(
            "aioice.ice:Connection.close",
            ("self",),
            unchanged,
            AIOICE,
            ("aioice.ice:Connection._gone",),
            is_security=True,
        ),
        Reliance("tap", "aioice.ice:Connection", AIOICE, ("aioice.ice:Connection._gone",)),
    ],
    ids=["function", "parameters", "attribute", "reliance"],
)
def test_a_security_hook_that_no_longer_fits_is_an_error_with_the_remedy(hook: AnyHook) -> None:
    close = find("aioice.ice:Connection.close")
    harmless = Hook("aioice.ice:Connection.close", ("self",), lambda original: None, AIOICE)
    with pytest.raises(UnsupportedLibrary, match=re.escape("pip install 'aioice>=0.13,<0.14'")):
        apply([harmless, hook])
    assert find("aioice.ice:Connection.close") is close, "nothing is changed by halves"


def test_a_receiver_we_do_not_know_is_an_error_with_the_remedy() -> None:
    with pytest.raises(LinkError, match=r"pip install 'aiortc>=1\.16,<1\.17'"):
        hardening.tap(object(), lambda *packet: None)


def test_another_version_with_hooks_that_fit_is_worth_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        warn_of_untested([AIORTC, Versions("aioice", (7, 0), (7, 1))])
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "aioice>=7.0,<7.1" in caplog.text


@pytest.mark.parametrize(
    ("version", "is_tested"),
    [
        ("1.16.0", True),
        ("1.16rc1", True),
        ("1.16", True),
        ("1.17.0", False),
        ("1.9.0", False),
        ("2", False),
    ],
)
def test_versions_are_compared_as_numbers(version: str, is_tested: bool) -> None:
    assert AIORTC.include(version) == is_tested
