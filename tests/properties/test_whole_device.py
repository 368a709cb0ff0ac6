"""The whole device under everything that can happen to it."""

import pytest

from tests.properties.device_machine import WholeDevice
from tests.properties.effort import effort

pytestmark = pytest.mark.slow

TestWholeDevice = WholeDevice.TestCase
TestWholeDevice.settings = effort(examples=8, steps=15)
