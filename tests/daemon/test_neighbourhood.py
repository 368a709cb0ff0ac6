import subprocess
import sys

import pytest

from edgevoice.config import Config, HookConfig, MetricsConfig, MqttConfig, NeighboursConfig
from edgevoice.daemon.diary.waterfall import SampleCounts, TurnReport
from edgevoice.daemon.neighbourhood import configured, turn_ended
from edgevoice.neighbours.neighbour import Host

HOST = Host(dict, lambda line: None)


def test_nobody_is_told_unless_asked_for() -> None:
    assert configured(Config(), HOST) == []


def test_all_that_are_configured_are_there() -> None:
    neighbours = NeighboursConfig(
        mqtt=MqttConfig(url="mqtt://broker"),
        metrics=MetricsConfig(port=9_100),
        hooks=(HookConfig(command=("true",)), HookConfig(command=("false",))),
        events_socket="/run/edgevoice/events.sock",
    )
    names = [one.name for one in configured(Config(neighbours=neighbours), HOST)]
    assert names == ["MQTT", "metrics", "hook true", "hook false", "events socket"]


@pytest.mark.slow
def test_what_is_not_wanted_is_not_imported() -> None:
    look = (
        "import sys, edgevoice.daemon.neighbourhood as n; from edgevoice.config import Config;"
        " n.configured(Config(), None);"
        " print([m for m in ('aiomqtt', 'prometheus_client', 'zeroconf') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_turn_is_told_in_numbers() -> None:
    marks = (("end of speech", 1.0), ("first answer sample", 1.45))
    counts = SampleCounts(0, 100, 90, 0, None, None)
    told = turn_ended(TurnReport(3, "wake", "answered", marks, counts))
    assert told.name == "turn_ended"
    assert told.fields == {
        "turn": 3,
        "cause": "wake",
        "outcome": "answered",
        "lost_samples": 10,
        "latency_ms": 450,
    }
