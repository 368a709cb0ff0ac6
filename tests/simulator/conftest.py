"""Time jumps in these tests, unless they carry packets for real."""

from tests.networks import namespaces as namespaces
from tests.virtual_time import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories
