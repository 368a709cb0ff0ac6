import pytest

from edgevoice.relay.monitoring.ends import class_of


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("the client hung up", "hung_up"),
        ("the other side hung up", "hung_up"),
        ("replaced by a newer call", "replaced"),
        ("idle", "idle"),
        ("the relay is stopping", "relay_stopped"),
        ("a bug", "bug"),
        ("nothing heard from the other side for 3.5 s", "connection"),
        ("", "connection"),
    ],
)
def test_the_words_of_the_audit_log_in_classes(reason, name):
    assert class_of(reason) == name
