"""Log lines without what was put into them."""

import json

import pytest

from edgevoice.doctor.bundle.journal import HELD_BACK, lines, message, shown, templates

RELAY = {"PRIORITY": "6", "LOGGER": "edgevoice.relay.app"}


def test_a_line_of_ours_keeps_its_sentence_and_its_numbers() -> None:
    entry = {**RELAY, "MESSAGE": "stopping, 3 calls are live", "TURN": "7"}
    assert shown(entry) == "6 edgevoice.relay.app: stopping, 3 calls are live TURN=7"


def test_what_was_put_in_is_held_back() -> None:
    assert message("listening on https://secret", "edgevoice.relay.app") == (
        f"listening on {HELD_BACK}"
    )
    said = message("control: 'status' (pid 17, uid 1000)", "edgevoice.daemon.control.server")
    assert said == f"control: {HELD_BACK} (pid {HELD_BACK} uid {HELD_BACK})"


def test_of_a_long_text_the_words_of_our_own_errors_are_left() -> None:
    logger = "edgevoice.relay.access.tokens"
    said = message("tokens unchanged: cannot read the file zanzibar now", logger)
    assert said.startswith("tokens unchanged: cannot read the file") and "zanzibar" not in said


def test_a_line_that_nobody_of_us_has_written() -> None:
    assert message("the eagle lands at midnight", "edgevoice.relay.access.tls") == HELD_BACK


@pytest.mark.parametrize("priority", ["7", "", "x"])
def test_debug_lines_hold_what_was_said(priority: str) -> None:
    assert shown({**RELAY, "PRIORITY": priority, "MESSAGE": "stopped"}) == ""


def test_a_traceback_keeps_its_places_in_our_source() -> None:
    trace = (
        "a session ended by a bug\nTraceback (most recent call last):\n"
        '  File "/home/anna/edgevoice/relay/session.py", line 12, in run\n    x(anna)\n'
        "ValueError: anna said hello\n"
    )
    assert message(trace, "edgevoice.relay.app") == (
        "a session ended by a bug [edgevoice/relay/session.py:12 run > ValueError]"
    )


def test_lines_of_others_are_left_out_but_for_systemds_results() -> None:
    systemd = {
        "PRIORITY": "6",
        "MESSAGE": "Started anna",
        "MESSAGE_ID": "39f5",
        "JOB_RESULT": "done",
    }
    assert shown(systemd) == "systemd JOB_RESULT=done"
    assert shown({"PRIORITY": "3", "MESSAGE": "anna", "EXIT_CODE": "exited"}) == ""


def test_times_count_back_from_the_last_line() -> None:
    times = (10**15, 10**15 + 1_500_000)
    stopped = {**RELAY, "MESSAGE": "stopped"}
    entries = [{**stopped, "__REALTIME_TIMESTAMP": str(at)} for at in times]
    told = list(lines("\n".join(map(json.dumps, entries)) + "\nno json\n[1]\n"))
    assert [line.split(" s ")[0].strip() for line in told] == ["-1.500", "0.000"]


def test_lines_of_a_logger_with_a_name_of_its_own_are_found() -> None:
    assert any("begins kind=%s" in template for template, _ in templates("edgevoice.relay.audit"))
