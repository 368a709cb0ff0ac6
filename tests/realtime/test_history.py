"""Items in order and within bounds."""

from edgevoice.realtime import items
from edgevoice.realtime.history import Entry, History, size
from edgevoice.realtime.items import ContentPart, FunctionCall, Item, Message, UnknownItem


def history(*placed: Item, max_items: int = 9, max_bytes: int = 9_000) -> History:
    made = History(max_items, max_bytes)
    for item in placed:
        made.place(item, None)
    return made


def ids(made: History) -> str:
    return " ".join(entry.item.id for entry in made)


def said(id: str, words: str = "x") -> Message:
    return items.user_text(words, id=id)


def test_placing_says_what_it_follows() -> None:
    made = History(9, 9_000)
    assert made.place(said("b"), None) is None
    assert made.place(said("d"), None) == "b"
    assert made.place(said("c"), "b") == "b"
    assert made.place(said("a"), "root") is None
    assert made.place(said("e"), "gone") == "d"
    assert ids(made) == "a b c d e"
    assert made.last_id == "e"


def test_removing_and_clearing() -> None:
    made = history(said("a"), said("b"))
    assert made.remove("a")
    assert not made.remove("a")
    assert ids(made) == "b"
    made.clear()
    assert (len(made), made.size_bytes, made.last_id) == (0, 0, "")


def test_the_oldest_go_first() -> None:
    made = history(said("a"), said("b"), said("c"), max_items=2)
    made.shrink()
    assert ids(made) == "b c"


def test_bytes_count_as_json_and_without_samples() -> None:
    silent = Message("user", (ContentPart("input_audio", audio="A" * 5_000),), id="u")
    made = history(silent)
    assert made.size_bytes == size(items.user_audio(id="u")) < 100
    assert size(UnknownItem({"type": "x"})) == len('{"type":"x"}')


def test_growing_words_push_the_oldest_out() -> None:
    made = history(said("a"), said("b"), max_bytes=300)
    grown = made.get("b")
    assert grown
    assert grown.put(said("b", "y" * 200))
    made.shrink()
    assert ids(made) == "b"


def test_a_call_leaves_with_its_output() -> None:
    call = FunctionCall("t", "{}", "c1", id="call")
    made = history(call, said("a"), items.function_output("c1", "1", id="out"), max_items=2)
    made.shrink()
    assert ids(made) == "a"


def test_an_output_placed_before_its_call_takes_it_along() -> None:
    out, call = items.function_output("c1", "1", id="out"), FunctionCall("t", "", "c1", id="call")
    made = history(out, said("a"), call, max_items=2)
    made.shrink()
    assert ids(made) == "a"


def test_calls_without_an_id_are_nobodys_pair() -> None:
    one, two = FunctionCall("t", "{}", id="one"), FunctionCall("t", "{}", id="two")
    assert history(one, two).pair("one") == ["one"]


def test_an_entry_is_heard_when_nothing_is_open() -> None:
    def heard(status: str | None, partial: bool = False, interrupted: bool = False) -> bool:
        item = items.assistant_audio("x", status=status)
        return Entry(item, 0, partial, interrupted).is_heard

    assert heard(None)
    assert heard("completed")
    assert not heard("completed", partial=True)
    assert not heard("in_progress")
    assert not heard("incomplete")
    assert heard("incomplete", interrupted=True)


def test_putting_the_same_is_no_change() -> None:
    entry = Entry(said("a"), 0)
    assert not entry.put(said("a"))
    assert entry.put(said("a"), partial=True)
