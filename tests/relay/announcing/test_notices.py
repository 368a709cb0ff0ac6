"""What is to be said on which device: fetched once, kept for a while, and not without end."""

from edgevoice.relay.announcing.notices import MOST, MOST_FOR_ONE, Notices


def taken(notices: Notices, name: str, now: float = 0.0) -> list[str]:
    return [notice.text for notice in notices.take({name}, now)]


def test_it_is_for_one_device_and_fetched_once() -> None:
    notices = Notices(600.0)
    notices.add("Kitchen", "dinner", False, 0.0)
    assert taken(notices, "hall") == []
    assert taken(notices, "kitchen") == ["dinner"]
    assert taken(notices, "kitchen") == []


def test_by_its_name_or_by_its_id() -> None:
    notices = Notices(600.0)
    notices.add("kitchen", "dinner", False, 0.0)
    assert [n.text for n in notices.take({"SHA256:abc", "Kitchen"}, 0.0)] == ["dinner"]


def test_for_all_is_fetched_once_by_each() -> None:
    notices = Notices(600.0)
    notices.add("all", "dinner", True, 0.0)
    for name in ("hall", "kitchen"):
        assert taken(notices, name) == ["dinner"]
        assert taken(notices, name) == []


def test_what_nobody_fetches_is_forgotten() -> None:
    notices = Notices(600.0)
    notices.add("kitchen", "dinner", False, 0.0)
    assert taken(notices, "kitchen", 600.0) == []


def test_the_oldest_give_way_and_that_is_told() -> None:
    notices = Notices(600.0)
    dropped = [notices.add("kitchen", str(number), False, 0.0) for number in range(10)]
    assert sum(dropped) == 10 - MOST_FOR_ONE
    assert taken(notices, "kitchen") == [str(number) for number in range(2, 10)]
    for number in range(MOST + 1):
        notices.add(f"device {number}", "x", False, 0.0)
    assert taken(notices, "device 0") == []
