"""What is said before the channel opens, and how much of it is still to go."""

from dataclasses import dataclass, field

from edgevoice.webrtc.outbox import Outbox


@dataclass
class Channel:
    bufferedAmount: int = 0
    sent: list[str] = field(default_factory=list)

    def send(self, text: str) -> None:
        self.sent.append(text)
        self.bufferedAmount += len(text)


def test_what_waits_is_pending_until_the_wire_has_it() -> None:
    outbox, channel = Outbox(print), Channel()
    outbox.send("12345")
    assert outbox.pending_bytes == 5
    outbox.attach(channel)  # type: ignore[arg-type]
    assert channel.sent == ["12345"]
    assert outbox.pending_bytes == 5
    channel.bufferedAmount = 2
    assert outbox.pending_bytes == 2
