"""The relay's session under everything that can happen to it."""

import pytest

from tests.properties.effort import effort
from tests.properties.relay_machine import RelaySession

pytestmark = pytest.mark.slow

TestRelaySession = RelaySession.TestCase
TestRelaySession.settings = effort(examples=100, steps=30)
