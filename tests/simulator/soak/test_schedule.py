from edgevoice.simulator.soak.faults import FAULTS as PRODUCED
from edgevoice.simulator.soak.schedule import (
    EARLY_S,
    FAULTS,
    MOMENTS,
    RESTARTS,
    STRETCH_S,
    TALKS,
    Schedule,
)
from edgevoice.simulator.soak.talks import TALKS as HELD

EVERY_S = 7.0


def row(seed: int, count: int = 200, **options: bool):
    schedule = Schedule(seed, **options)
    return [(number * EVERY_S, schedule.next(number * EVERY_S)) for number in range(count)]


def test_the_same_seed_gives_the_same_row():
    assert row(7) == row(7) != row(8)


def test_every_talk_and_every_fault_comes_in_a_run_of_ten_minutes():
    ten_minutes = [planned for _, planned in row(1, 85)]
    assert {planned.talk for planned in ten_minutes} == set(TALKS)
    restarts = {name for name, _ in RESTARTS}
    assert {planned.fault for planned in ten_minutes} >= {*FAULTS, *restarts}
    assert {planned.moment for planned in ten_minutes} >= set(MOMENTS)


def test_without_faults_people_only_talk():
    assert {(p.fault, p.moment) for _, p in row(1, faults=False)} == {("", "")}


def test_the_relay_dies_early_and_then_lives_for_the_rest_of_a_stretch():
    restarts = {name for name, _ in RESTARTS}
    died = [at for at, planned in row(5, 300) if planned.fault in restarts]
    assert len(died) == 6
    assert all(at % STRETCH_S <= EARLY_S for at in died)


def test_what_is_planned_can_be_done():
    assert set(TALKS) == set(HELD)
    cuts = {name for name in FAULTS if name.startswith("link cut")}
    assert {*FAULTS, *(name for name, _ in RESTARTS)} - cuts == set(PRODUCED)
    assert len(cuts) == 2
