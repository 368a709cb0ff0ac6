"""Letters go, everything else stays; what is masked already stays as it is."""

from edgevoice.realtime.masking import Mask, masked


def test_masking_twice_changes_nothing() -> None:
    mask = Mask()
    once = mask.mask({"text": "Größe 42!", "digest": "abc", "item": {"type": "new", "x": "words"}})
    assert once == {
        "text": "xxxxxxx xx!",
        "digest": "digest-1",
        "item": {"type": "new", "x": "xxxxx"},
    }
    assert mask.mask(once) == once
    assert len(masked("Größe").encode()) == len("Größe".encode())


def test_no_part_of_a_word_stays_in_any_script() -> None:
    for words in ("नमस्ते", "สวัสดีครับ", "מָחָר", "👍", "東京。"):
        assert set(masked(words)) == {"x"} and len(masked(words)) == len(words.encode())
    assert masked("ja, 東京 - gut\n") == "xx, xxxxxx - xxx\n"
    assert masked("half \ud83d") == "xxxx xxx"


def test_words_that_are_spelled_in_numbers_are_left_out() -> None:
    heard = {"type": "t", "item_id": "u1", "logprobs": [{"token": "hi", "bytes": [104, 105]}]}
    assert Mask().mask(heard) == {"type": "t", "item_id": "u1", "logprobs": None}


def test_no_secret_of_a_tool_or_an_address_stays() -> None:
    tool = {
        "type": "mcp",
        "server_label": "house",
        "server_url": "https://house.lan/secret",
        "authorization": "secret",
        "headers": {"X-Key": "secret"},
    }
    masked_tool = Mask().mask({"session": {"tools": [tool]}, "link": {"url": "http://a:secret@b"}})
    assert "secret" not in str(masked_tool) and "house" in str(masked_tool)


def test_what_may_hold_anything_is_masked_but_what_it_is() -> None:
    raw = {"type": "party", "id": "e1", "raw": {"type": "x", "guests": ["Ann", 3]}}
    assert Mask().mask(raw) == {
        "type": "party",
        "id": "e1",
        "raw": {"type": "x", "guests": ["xxx", 3]},
    }


def test_a_digest_is_the_same_wherever_it_comes_again() -> None:
    mask = Mask()
    assert mask.mask([{"digest": "aa"}, {"digest": "bb"}, {"digest": "aa"}]) == [
        {"digest": "digest-1"},
        {"digest": "digest-2"},
        {"digest": "digest-1"},
    ]
    assert mask.digest("digest-2") == "bb" and mask.digest("digest-9") == "digest-9"
