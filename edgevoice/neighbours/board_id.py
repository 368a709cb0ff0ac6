"""A number that is this board's own, and tells nobody which machine it is.

Made from the machine's id as systemd advises for applications (sd_id128_get_machine_app_specific):
the same after a new installation, of no use elsewhere.
"""

import hashlib
import hmac
from pathlib import Path

from edgevoice.errors import NeighbourError

MACHINE_ID = Path("/etc/machine-id")
PURPOSE = b"edgevoice neighbours"
DIGITS = 12


def board_id(machine_id: Path = MACHINE_ID) -> str:
    """NeighbourError where the machine has none."""
    try:
        own = machine_id.read_text("ascii").strip()
        return hmac.new(bytes.fromhex(own), PURPOSE, hashlib.sha256).hexdigest()[:DIGITS]
    except (OSError, ValueError) as error:
        raise NeighbourError(
            f"{machine_id} holds no machine id ({error}); `systemd-machine-id-setup` makes one"
        ) from error
