import random

from edgevoice.simulator.soak.judgement import (
    MOST_KB_PER_CONVERSATION,
    Sample,
    Verdict,
    complaints,
    lives,
    told,
    verdicts,
)

FLAT = {
    "rss_mb": 150.0, "anonymous_mb": 90.0, "pss_mb": 120.0,
    "descriptors": 13.0, "tasks": 28.0, "threads": 4.0,
}  # fmt: skip
PER_HOUR = 400.0
BOUND = MOST_KB_PER_CONVERSATION * PER_HOUR / 1000


def run(grows: str = "", per_hour: float = 0.0, noise: float = 0.3, minutes: int = 10):
    """Looked at for three seconds in each half minute."""
    chance = random.Random(3)
    found = []
    for at in range(minutes * 60):
        values = dict(FLAT)
        values["anonymous_mb"] += chance.gauss(0, noise)
        if grows:
            steps = per_hour * at / 3600
            values[grows] += steps if grows.endswith("mb") else int(steps)
        found.append(Sample(float(at), "device", 1, at % 30 < 3, values))
    return found


def judge(samples: list[Sample]) -> dict[str, Verdict]:
    return {v.quantity: v for v in verdicts(samples, 10, PER_HOUR)}


def test_noise_is_flat():
    assert not list(complaints(list(judge(run()).values())))


def test_a_leak_of_memory_is_found():
    found = judge(run("anonymous_mb", per_hour=3 * BOUND))
    assert "grows by" in found["anonymous_mb"].complaint
    assert list(complaints(list(found.values()))) == [
        f"device anonymous_mb: {found['anonymous_mb'].complaint}"
    ]


def test_what_fills_up_slowly_is_allowed():
    assert judge(run("anonymous_mb", per_hour=BOUND / 3))["anonymous_mb"].complaint == ""


def test_what_grows_less_than_it_goes_up_and_down_is_not_taken_for_growth():
    """And is not called as flat as what stands still."""
    up_and_down = judge(run("anonymous_mb", per_hour=60, noise=8.0))["anonymous_mb"]
    slope = up_and_down.trend.slope
    assert slope is not None and slope.low < 0 < BOUND < slope.middle
    assert up_and_down.complaint == ""
    assert "as far as so short a run can tell" in told(up_and_down)
    assert told(judge(run())["anonymous_mb"]).endswith("flat")


def test_a_leak_is_found_in_what_goes_up_and_down():
    assert judge(run("anonymous_mb", per_hour=20 * BOUND, noise=4.0))["anonymous_mb"].complaint


def test_one_descriptor_in_two_minutes_is_found():
    found = judge(run("descriptors", per_hour=30))
    assert found["descriptors"].complaint.startswith("17 at the end, ")
    assert found["tasks"].complaint == found["threads"].complaint == ""


def test_a_leak_of_tasks_and_of_threads_is_found():
    assert judge(run("tasks", per_hour=60))["tasks"].complaint
    assert judge(run("threads", per_hour=60))["threads"].complaint


def test_one_that_comes_and_goes_is_no_leak():
    samples = run()
    samples[-1].values["descriptors"] = 14.0
    assert judge(samples)["descriptors"].complaint == ""


def test_only_what_is_calm_and_warm_is_looked_at():
    samples = run()
    for sample in samples:
        if not sample.calm or sample.at_s < 60:
            sample.values["threads"] = 90.0
    (life,) = lives(samples, "device", "threads", warm_up_s=60)
    assert {point.value for point in life} == {4.0}
    assert [point.at_s for point in life[:2]] == [62, 92], "one of each spell"


def test_each_life_warms_up_by_itself():
    second = [Sample(s.at_s + 600, "device", 2, s.calm, s.values) for s in run()]
    found = lives([*run(), *second], "device", "tasks", warm_up_s=90)
    assert [life[0].at_s for life in found] == [92, 692]


def test_nothing_measured_is_not_flat():
    samples = [Sample(1.0, "device", 1, False, FLAT)]
    assert judge(samples)["tasks"].complaint == "nothing was measured"
    assert judge(samples)["anonymous_mb"].complaint == "nothing was measured"


def test_whoever_looks_is_not_counted():
    """In the middle of each spell a connection more, as the sampler has it."""
    samples = run()
    for sample in samples:
        sample.values["descriptors"] += 10.0 * (sample.at_s % 30 == 1 and sample.at_s > 300)
    assert judge(samples)["descriptors"].complaint == ""


def test_two_points_have_no_slope_and_are_compared_all_the_same():
    samples = run("tasks", per_hour=1200, minutes=2)
    found = {v.quantity: v for v in verdicts(samples, 2, PER_HOUR)}["tasks"]
    assert found.trend.slope is None
    assert found.complaint == "58 at the end, 48 at the beginning"


def test_memory_of_a_minute_is_told_and_not_judged():
    samples = run("anonymous_mb", per_hour=900, minutes=3)
    found = {v.quantity: v for v in verdicts(samples, 3, PER_HOUR)}["anonymous_mb"]
    assert (found.bound, found.complaint) == (None, "")


def test_a_line_says_slope_bound_and_word():
    line = told(judge(run("anonymous_mb", per_hour=100))["anonymous_mb"])
    assert line.startswith("device  anonymous_mb")
    assert "allowed 12.0" in line and "grows by" in line
    assert "too short for a slope" in told(judge(run(minutes=1))["tasks"])
