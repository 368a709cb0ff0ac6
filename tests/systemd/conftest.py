"""One boot for all tests of this folder."""

import os
from collections.abc import Iterator

import pytest

from tests.systemd.guest import Guest, booted, copy_of_root, install, obstacle
from tests.systemd.running import COMMAND

CONFIG = """\
microphone: {backend: silence}
speaker: {backend: "null"}
indicator: {kind: none}
relay:
  engine: parrot
  detection: {vad: webrtc}
"""


@pytest.fixture(scope="session")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    if reason := obstacle():
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI has to boot systemd, and this machine {reason}")
        pytest.skip(reason)
    with copy_of_root(tmp_path_factory.mktemp("guest")) as root:
        install(root)
        with booted(root) as running:
            running.write("/etc/edgevoice/config.yaml", CONFIG)
            yield running


@pytest.fixture
def token(guest: Guest) -> Iterator[None]:
    """A device that the relay knows."""
    made = guest.said(f"{COMMAND} relay token board 2>/dev/null")
    guest.write("/etc/edgevoice/token", made + "\n", mode=0o600)
    yield
    guest.said(f"{COMMAND} relay token board --revoke; rm /etc/edgevoice/token")
