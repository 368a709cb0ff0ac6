"""One relay process for all the tests that only want to be answered; a sound server for some."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from edgevoice.simulator.relay_process import RunningRelay, relay_process
from tests.networks import namespaces as namespaces
from tests.pulse import pulse as pulse

SETTINGS = ("relay.limits.starts_per_minute=600",)


@pytest.fixture(scope="module")
def parrot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRelay]:
    """A relay that says back what it hears."""
    directory: Path = tmp_path_factory.mktemp("relay")
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        running = runner.run(
            stack.enter_async_context(relay_process("parrot", directory, SETTINGS))
        )
        yield running
        runner.run(stack.aclose())
