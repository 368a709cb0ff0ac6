"""Why sessions end, in a few words that can be counted. The audit log has the reason itself."""

_BEGINNINGS = (
    ("the client hung up", "hung_up"),
    ("the other side hung up", "hung_up"),
    ("closed", "hung_up"),
    ("replaced", "replaced"),
    ("session too long", "session_limit"),
    ("never connected", "never_connected"),
    ("idle", "idle"),
    ("too many events", "abuse"),
    ("the relay is stopping", "relay_stopped"),
    ("cancelled", "relay_stopped"),
    ("revoked", "revoked"),
    ("a bug", "bug"),
)
OTHER = "connection"
"""The rest is what transports say of themselves when they break."""


def class_of(reason: str) -> str:
    return next((name for begins, name in _BEGINNINGS if reason.startswith(begins)), OTHER)
