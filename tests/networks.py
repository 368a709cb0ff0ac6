"""Where a test wants network namespaces: skipped without root, but not in CI.

from tests.networks import needs_namespaces

@needs_namespaces
def test_x() -> None:
    with WideArea(LineConfig(delay_ms=25)) as area: ...
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from edgevoice.simulator.namespace import missing

T = TypeVar("T", bound=Callable[..., object])


def needs_namespaces(test: T) -> T:
    """Marks a test that makes networks of its own."""
    return pytest.mark.root(pytest.mark.usefixtures("namespaces")(test))


@pytest.fixture
def namespaces() -> None:
    """Import it into a conftest.py."""
    if not (reason := missing()):
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI has to try bad networks, which {reason}")
    pytest.skip(reason)


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """A thread does this as long as the block lasts; have it end by then."""
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()
