"""Time jumps in these tests."""

from tests.virtual_time import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories
