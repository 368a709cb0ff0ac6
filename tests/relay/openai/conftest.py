"""Async tests of this folder run in virtual time, over real sockets on loopback."""

from tests.virtual_time import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories
