"""Time jumps in these tests, except in those marked `e2e`, which meet a real sound server."""

from tests.networks import namespaces as namespaces
from tests.pulse import pulse as pulse
from tests.virtual_time import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories
