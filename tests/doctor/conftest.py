"""Everything here is async in virtual time, except what is marked `e2e`."""

from tests.pulse import pulse as pulse
from tests.virtual_time import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories
