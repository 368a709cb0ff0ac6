"""What leaves the board of one session, over as many links as it takes: from which sample, and how.

As media, or (a foreign server's first turn) as data. Every sample is taken from the gate,
and what a link that broke may not have delivered is taken again for the next.
"""

from edgevoice.errors import LocalProtocolError
from edgevoice.link.appender import Appender
from edgevoice.link.ways import Ways
from edgevoice.realtime.wire import encode
from edgevoice.transceiver.actions import CommitAppended
from edgevoice.transceiver.first_turn import is_appended
from edgevoice.webrtc.device_end import DeviceEnd


class Outgoing:
    def __init__(self, ways: Ways, first_sample: int) -> None:
        self.first_sample = first_sample
        """Index 0 of what the relay's session receives."""
        self.line: DeviceEnd | None = None
        """By which it leaves, as soon as the session is there."""
        self._ways = ways
        self._appender: Appender | None = None

    def begin(self, line: DeviceEnd, extensions: bool) -> None:
        """The session's first link: media may go as soon as it can, if it is to be media."""
        if not is_appended(self._ways.first_turn, extensions):
            self._send_media(line, self.first_sample)

    def go_on(self, line: DeviceEnd, samples: int) -> None:
        """The relay has so many, and hears the later ones by this link."""
        self._send_media(line, self.first_sample + samples)

    def attach(self, from_sample: int | None) -> None:
        """What the gate lets out is media from now on; from there, if it is to go back."""
        if self.line is None:
            return
        if self._appender is not None and not self._appender.is_done:
            raise LocalProtocolError("media may not begin within an appended turn")
        self._appender = None
        self._send_media(self.line, self._go_back(from_sample))

    def append(self, from_sample: int | None) -> None:
        """What the gate lets out goes as events, until `attach`."""
        line = self.line
        if line is None:
            return
        self._go_back(from_sample)
        self._appender = Appender(
            self._ways.gate,
            lambda event: line.send(encode(event)),
            lambda: line.pending_bytes,
            self._ways.on_first_sent,
        )
        self._appender.pump()

    def commit(self, action: CommitAppended) -> None:
        """The appended turn is over."""
        if self._appender is not None:
            self._appender.commit(action)

    def samples_captured(self) -> None:
        """There is something new behind the gate."""
        if self._appender is not None:
            self._appender.pump()
        elif self.line is not None and self.line.uplink is not None:
            self.line.uplink.notify()

    def stop(self) -> None:
        """The link has broken, or another one is to take its place."""
        if self.line is not None:
            self.line.stop_sending()
        self.line = self._appender = None

    def _send_media(self, line: DeviceEnd, from_sample: int) -> None:
        gate = self._ways.gate
        if gate.is_open:
            gate.rewind(from_sample)
        line.send_from(gate, from_sample, self._ways.on_first_sent)

    def _go_back(self, from_sample: int | None) -> int:
        """Where the gate hands out next: there, if it can go back so far."""
        gate = self._ways.gate
        if from_sample is None:
            return gate.next_sample
        gate.rewind(from_sample)
        self.first_sample = from_sample
        return from_sample
