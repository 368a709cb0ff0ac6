"""Async tests of this folder run in virtual time, over real sockets on loopback."""

import pytest

from tests.virtual_time import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories


@pytest.fixture(autouse=True)
def _few_authorities(few_authorities: None) -> None:
    """Each test has a client of its own, or several."""
