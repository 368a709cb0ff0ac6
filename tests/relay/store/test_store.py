"""What every store does, whatever is behind it."""

from dataclasses import replace

import pytest

from edgevoice.relay.store.memory import MemoryStore
from edgevoice.relay.store.records import Device, LiveCall, Pairing, Secret, Use
from edgevoice.relay.store.sqlite import SqliteStore
from edgevoice.relay.store.store import STALE_S

NOW = 1_900_000_000.0
KITCHEN = Device("dev_kitchen", "kitchen", "A" * 43, "https://relay.lan", NOW)
HALL = Device("dev_hall", "hall", "B" * 43, "https://relay.lan", NOW + 1)
WAITING = Pairing("pair_1", "CODECODE", "kitchen", "A" * 43, "https://relay.lan", "hash", NOW + 600)
SECRET = Secret("digest", "kitchen", NOW + 600, '{"instructions":"Be brief."}')
CALL = LiveCall("rtc_1", "kitchen", "relay_1", "192.0.2.7", NOW, "live")


@pytest.fixture(params=["memory", "sqlite"])
async def store(request, tmp_path):
    made = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "store")
    async with made:
        yield made


async def pair(store, device=KITCHEN, waiting=WAITING):
    await store.add_pairing(waiting)
    assert await store.approve(waiting.pairing_id, device)


async def test_an_approved_device_is_known_by_its_id(store):
    await pair(store)
    assert await store.device("dev_kitchen") == KITCHEN
    assert await store.device("dev_hall") is None


async def test_devices_are_listed_the_eldest_first(store):
    await pair(store, HALL)
    await pair(store, KITCHEN, replace(WAITING, pairing_id="pair_2"))
    assert await store.devices() == [KITCHEN, HALL]


async def test_a_device_is_renamed_seen_and_revoked(store):
    await pair(store)
    await store.rename_device("dev_kitchen", "pantry")
    await store.device_seen("dev_kitchen", NOW + 5)
    await store.revoke_device("dev_kitchen", NOW + 9)
    changed = replace(KITCHEN, name="pantry", seen_at=NOW + 5, revoked_at=NOW + 9)
    assert await store.device("dev_kitchen") == changed
    assert changed.revoked and not KITCHEN.revoked


async def test_every_change_of_a_device_has_another_revision_and_nothing_else_has(store):
    seen = [await store.revision()]
    for change in (
        pair(store),
        store.rename_device("dev_kitchen", "pantry"),
        store.revoke_device("dev_kitchen", NOW),
    ):
        await change
        seen.append(await store.revision())
    assert len(set(seen)) == len(seen)
    await store.device_seen("dev_kitchen", NOW)
    await store.show_calls("relay_1", [CALL], NOW)
    assert await store.revision() == seen[-1]


async def test_a_pairing_waits_until_it_is_approved(store):
    await store.add_pairing(WAITING)
    assert await store.pairings(NOW) == [WAITING]
    assert await store.approve("pair_1", KITCHEN)
    assert await store.pairings(NOW) == []
    assert await store.pairing("pair_1", NOW) == replace(WAITING, device_id="dev_kitchen")


async def test_a_pairing_is_approved_once(store):
    await pair(store)
    assert not await store.approve("pair_1", HALL)
    assert await store.device("dev_hall") is None
    assert not await store.approve("pair_9", HALL)


async def test_a_pairing_ends_with_its_time(store):
    await store.add_pairing(WAITING)
    assert await store.pairing("pair_1", NOW + 599)
    assert await store.pairing("pair_1", NOW + 600) is None
    assert await store.pairings(NOW + 600) == []


async def test_too_many_wrong_codes_end_what_waits_but_nothing_else(store):
    await pair(store)
    await store.add_pairing(replace(WAITING, pairing_id="pair_2"))
    for _ in range(4):
        await store.miss(5)
    assert [p.missed for p in await store.pairings(NOW)] == [4]
    await store.miss(5)
    assert await store.pairings(NOW) == []
    assert await store.pairing("pair_1", NOW)


async def test_a_revoked_device_comes_back_by_being_paired_again(store):
    await pair(store)
    await store.revoke_device("dev_kitchen", NOW)
    await pair(store, KITCHEN, replace(WAITING, pairing_id="pair_2"))
    assert await store.device("dev_kitchen") == KITCHEN


async def test_a_number_is_good_for_once_until_its_time_is_over(store):
    assert await store.use_once("n", NOW + 90, NOW)
    assert not await store.use_once("n", NOW + 90, NOW + 89)
    assert await store.use_once("m", NOW + 90, NOW)
    assert await store.use_once("n", NOW + 200, NOW + 91)


async def test_a_device_that_comes_back_finds_none_of_its_secrets(store):
    await pair(store)
    for owner in ("dev_kitchen", "dev_hall"):
        await store.add_secret(Secret(owner, owner, NOW + 600, "{}", "hash"))
    await store.revoke_device("dev_kitchen", NOW)
    assert await store.secret("dev_kitchen", NOW) is None
    assert (await store.secret("dev_hall", NOW)).token_hash == "hash"


async def test_a_secret_is_good_until_its_time_is_over(store):
    await store.add_secret(SECRET)
    assert await store.secret("digest", NOW) == SECRET
    assert await store.secret("other", NOW) is None
    assert await store.secret("digest", NOW + 600) is None


async def test_secrets_are_counted_by_owner_while_they_are_good(store):
    await store.add_secret(SECRET)
    await store.add_secret(replace(SECRET, digest="another"))
    await store.add_secret(replace(SECRET, digest="hall's", owner="hall"))
    assert await store.count_secrets("kitchen", NOW) == 2
    assert await store.count_secrets("kitchen", NOW + 600) == 0


async def test_use_adds_up_by_caller_and_day(store):
    await store.add_use("kitchen", "2026-11-30", Use(60.5, 1, 3, 100, 200, 1_500, 4))
    await store.add_use("kitchen", "2026-11-30", Use(1.0, 1, 1, 1, 1, 1, 1))
    await store.add_use("kitchen", "2026-12-01", Use(seconds=5))
    await store.add_use("hall", "2026-11-30", Use(seconds=7))
    assert await store.use("kitchen", "2026-11-30") == Use(61.5, 2, 4, 101, 201, 1_501, 5)
    assert await store.use("cellar", "2026-11-30") == Use()


async def test_use_is_listed_from_a_day_on_the_newest_first(store):
    for caller, day in (
        ("kitchen", "2026-11-29"),
        ("kitchen", "2026-11-30"),
        ("hall", "2026-11-30"),
    ):
        await store.add_use(caller, day, Use(seconds=1))
    await store.add_use("hall", "2026-12-01", Use(seconds=1))
    listed = [(used.day, used.caller) for used in await store.uses("2026-11-30")]
    assert listed == [("2026-12-01", "hall"), ("2026-11-30", "hall"), ("2026-11-30", "kitchen")]


async def test_the_calls_shown_are_those_shown_last(store):
    await store.show_calls("relay_1", [CALL], NOW)
    later = replace(CALL, call_id="rtc_2", began_at=NOW + 2)
    used = replace(CALL, turns=2, responses=3, input_tokens=4, output_tokens=5, cost_micro_usd=6)
    await store.show_calls("relay_1", [later, used], NOW + 2)
    assert await store.calls(NOW + 2) == [used, later]
    await store.show_calls("relay_1", [], NOW + 3)
    assert await store.calls(NOW + 3) == []


async def test_calls_of_a_dead_relay_are_not_live(store):
    await store.show_calls("relay_1", [CALL], NOW)
    other = replace(CALL, call_id="rtc_2", relay_id="relay_2")
    await store.show_calls("relay_2", [other], NOW + 10)
    assert await store.calls(NOW + 10) == [CALL, other]
    assert await store.calls(NOW + STALE_S) == [other]


async def test_sweeping_takes_what_is_over_and_leaves_the_rest(store):
    await pair(store)
    await store.add_pairing(replace(WAITING, pairing_id="pair_2", expires_at=NOW + 1))
    await store.add_secret(SECRET)
    await store.use_once("n", NOW + 90, NOW)
    await store.add_use("kitchen", "2026-11-01", Use(seconds=1))
    await store.add_use("kitchen", "2026-11-30", Use(seconds=1))
    await store.show_calls("relay_1", [CALL], NOW)
    await store.sweep(NOW + 2, "2026-11-30")
    assert await store.pairing("pair_1", NOW)
    assert await store.pairing("pair_2", NOW) is None
    assert await store.secret("digest", NOW)
    assert not await store.use_once("n", NOW + 90, NOW + 3)
    assert [used.day for used in await store.uses("")] == ["2026-11-30"]
    assert await store.calls(NOW + 2) == [CALL]
    await store.sweep(NOW + 700, "2026-11-30")
    assert await store.secret("digest", NOW) is None
    assert await store.calls(NOW) == []
    assert await store.device("dev_kitchen") == KITCHEN
