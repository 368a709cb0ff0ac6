from datetime import date

from edgevoice.relay.monitoring.history import used_on
from edgevoice.relay.monitoring.scoreboard import Sums
from edgevoice.relay.store.memory import MemoryStore
from edgevoice.relay.store.records import Device, Pairing, Use


async def test_todays_use_by_the_names_that_are_shown():
    day = date(2026, 11, 30)
    async with MemoryStore() as store:
        await store.add_pairing(Pairing("p", "23456789", "kitchen", "key", "o", "hash", 10.0))
        assert await store.approve("p", Device("dev_1", "kitchen", "key", "o", 1.0))
        await store.add_use("dev_1", "2026-11-30", Use(90.0, 1, 2, 100, 50, 250_000))
        await store.add_use("hall", "2026-11-30", Use(30.0, 1))
        await store.add_use("hall", "2026-11-29", Use(900.0, 1))
        await store.add_use("hall", "2026-12-01", Use(900.0, 1))
        assert await used_on(day, store) == {
            "kitchen": Sums(90.0, 1, 2, 150, 0.25),
            "hall": Sums(30.0, 1),
        }
