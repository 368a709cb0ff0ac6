"""What was used today before the relay was started, for the live page to go on from."""

from datetime import date

from edgevoice.relay.monitoring.scoreboard import Sums
from edgevoice.relay.store.store import Store

MICRO = 1_000_000


async def used_on(day: date, store: Store) -> dict[str, Sums]:
    """By the names that the live page shows."""
    names = {device.device_id: device.name for device in await store.devices()}
    used: dict[str, Sums] = {}
    for entry in await store.uses(day.isoformat()):
        if entry.day == day.isoformat():
            sums, use = used.setdefault(names.get(entry.caller, entry.caller), Sums()), entry.use
            tokens = use.input_tokens + use.output_tokens
            cost_usd = use.cost_micro_usd / MICRO
            sums.add(Sums(use.seconds, use.sessions, use.turns, tokens, cost_usd))
    return used
