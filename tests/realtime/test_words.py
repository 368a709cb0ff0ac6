"""How the words of a message grow, settle and are cut."""

from edgevoice.realtime import items
from edgevoice.realtime.items import ContentPart, FunctionCall, Message
from edgevoice.realtime.words import (
    LIMIT_PARTS,
    as_text,
    cut,
    keep_known,
    with_words,
    without_audio,
    words_at,
)

SPOKEN = items.assistant_audio("One. Two. Three.", id="a1", status="completed")


def test_words_go_where_the_part_keeps_them() -> None:
    assert with_words(SPOKEN, 0, "Four.", "output_audio").content == (
        ContentPart("output_audio", transcript="Four."),
    )
    written = with_words(items.assistant_text("a"), 0, "b", "output_audio")
    assert written.content == (ContentPart("output_text", text="b"),)


def test_a_missing_part_is_made() -> None:
    assert with_words(Message("assistant"), 0, "hi", "output_audio") == items.assistant_audio("hi")


def test_an_absurd_index_makes_nothing() -> None:
    assert with_words(SPOKEN, LIMIT_PARTS, "x", "output_audio") is SPOKEN
    assert with_words(SPOKEN, 2**53 - 1, "x", "output_audio") is SPOKEN
    assert words_at(SPOKEN, 2**53 - 1) == ""


def test_what_follows_the_cut_is_gone() -> None:
    parts = (ContentPart("output_audio", transcript="a b"),) * 3
    heard = cut(Message("assistant", parts, id="a1"), 1, "a")
    assert [part.words for part in heard.content] == ["a b", "a"]
    assert heard.status == "incomplete"
    assert heard.id == "a1"


def test_a_newer_version_keeps_the_words_it_lacks() -> None:
    bare = Message("assistant", (ContentPart("output_audio"),), id="a1", status="completed")
    assert keep_known(bare, SPOKEN) == SPOKEN
    assert keep_known(Message("assistant", id="a1", status="completed"), SPOKEN) == SPOKEN
    better = items.assistant_audio("Better.", id="a1")
    assert keep_known(better, SPOKEN) == better


def test_a_call_keeps_its_arguments() -> None:
    known = FunctionCall("set_timer", '{"s":1}', "c1", id="f1")
    assert keep_known(FunctionCall("set_timer", "", "c1", id="f1", status="completed"), known) == (
        FunctionCall("set_timer", '{"s":1}', "c1", id="f1", status="completed")
    )


def test_samples_are_not_kept() -> None:
    loud = Message("user", (ContentPart("input_audio", audio="AAAA", transcript="hi"),), id="u1")
    assert without_audio(loud) == items.user_audio("hi", id="u1")
    assert without_audio(SPOKEN) is SPOKEN


def test_text_of_each_role() -> None:
    assert as_text(SPOKEN) == items.assistant_text("One. Two. Three.", id="a1")
    assert as_text(items.user_audio("hi", id="u1")) == items.user_text("hi", id="u1")
    assert as_text(items.system_text("brief")) == items.system_text("brief")


def test_who_says_nothing_has_no_text() -> None:
    assert as_text(items.user_audio()) is None
    assert as_text(Message("assistant")) is None
    assert as_text(Message("narrator", (ContentPart("text", text="x"),))) is None
