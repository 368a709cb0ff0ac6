"""Flight records: read, and played again."""

from edgevoice.errors import FlightRecordError
from edgevoice.transceiver.flight_record import read
from edgevoice.transceiver.replay import replay

MOST_BYTES = 16_384


def contract(data: bytes) -> None:
    """FlightRecordError, or a record that can be played to its end."""
    try:
        about, entries = read(data.decode(errors="replace").splitlines())
    except FlightRecordError as error:
        assert str(error)
        return
    assert about
    for played in replay(entries):
        assert played.is_same in (None, True, False)
