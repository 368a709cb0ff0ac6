"""All topics, in the order in which they are asked."""

from edgevoice.relay.engines.local.intents.alarms import NO_ALARMS, NO_QUIET
from edgevoice.relay.engines.local.intents.arithmetic import about_sums
from edgevoice.relay.engines.local.intents.clock import about_the_date, about_the_time
from edgevoice.relay.engines.local.intents.lights import (
    BLIND,
    KNOWN_ONES,
    NO_LIGHTS,
    ONLY_SWITCH,
    about_lights,
)
from edgevoice.relay.engines.local.intents.reply import Reply, Said, Topic
from edgevoice.relay.engines.local.intents.smalltalk import about_the_conversation
from edgevoice.relay.engines.local.intents.timers import (
    FIXED,
    NO_TIMERS,
    about_timers,
)
from edgevoice.relay.engines.local.intents.units import about_units
from edgevoice.relay.engines.local.intents.volume import NO_VOLUME, about_volume

LONGEST_WORDS = 40
"""Nobody gives an order of more words; it also bounds what the rules cost."""

_REFUSALS = frozenset(
    {NO_LIGHTS, BLIND, ONLY_SWITCH, NO_TIMERS, NO_ALARMS, NO_QUIET, FIXED, NO_VOLUME}
)

TOPICS: tuple[Topic, ...] = (
    about_the_conversation,
    about_timers,
    about_the_time,
    about_the_date,
    about_volume,
    about_lights,
    about_sums,
    about_units,
)


def answer(said: Said) -> Reply | None:
    """The first topic's reply; None when no rule is about this."""
    if len(said.text.split()) > LONGEST_WORDS:
        return None
    return next((reply for topic in TOPICS if (reply := topic(said)) is not None), None)


def is_refusal(reply: Reply | None) -> bool:
    """It says no more than that this device cannot do it; somebody else's tools might."""
    return isinstance(reply, str) and (reply in _REFUSALS or KNOWN_ONES in reply)
