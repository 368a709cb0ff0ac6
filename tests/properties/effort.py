"""How long the rule machines try. See the test section of ARCHITECTURE.md."""

from hypothesis import HealthCheck, Phase, settings

SLOW_ON_PURPOSE = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


def effort(examples: int, steps: int) -> settings:
    """In the suite the same few examples each time, so that a red run is somebody's change and
    not bad luck; in a campaign as many others as its profile says (`tests/conftest.py`)."""
    if settings.get_current_profile_name() == "campaign":
        return settings(suppress_health_check=SLOW_ON_PURPOSE)
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.generate,),  # a campaign shrinks what it finds, which takes minutes
        suppress_health_check=SLOW_ON_PURPOSE,
    )
