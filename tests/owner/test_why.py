"""`edgevoice why`, as it is read."""

from datetime import datetime

from edgevoice.owner.why import lines

AT = datetime.fromisoformat("2026-11-30T14:05:00").astimezone()


def reason(sentence: str, hour: int = 14) -> dict[str, object]:
    return {"at": AT.replace(hour=hour, minute=1).isoformat(), "sentence": sentence, "facts": {}}


def test_each_last_reason_is_a_line() -> None:
    told = {
        "wake": reason('"alexa" was heard'),
        "non-wake": None,
        "stop": reason("it was muted", hour=9),
        "deaf": None,
    }
    assert lines(told, AT) == [
        'woke          14:01:00      "alexa" was heard',
        "stopped       09:01:00      it was muted",
    ]


def test_what_keeps_it_from_hearing_now_comes_first() -> None:
    told = {"wake": reason("x"), "deaf": "it is muted"}
    assert lines(told, AT)[0] == "did not wake  now           it is muted"


def test_before_anything_has_happened_it_says_so() -> None:
    assert lines({"wake": None}, AT) == ["nothing has happened yet"]
