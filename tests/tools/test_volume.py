"""The volume's tools, called through the toolbox. How it is set is `daemon/abilities.py`."""

import json
from typing import Any

import pytest

from edgevoice.tools.toolbox import ToolBox
from edgevoice.tools.volume import volume_tools


class Loudspeaker:
    def __init__(self) -> None:
        self.percent = 70

    def set(self, percent: int) -> int:
        self.percent = percent
        return percent

    def change(self, delta: int) -> int:
        return self.set(min(100, max(0, self.percent + delta)))

    async def call(self, tool: str, **arguments: Any) -> Any:
        box = ToolBox(volume_tools(self.set, self.change))
        return json.loads(await box.call(tool, json.dumps(arguments)))


@pytest.fixture
def loudspeaker() -> Loudspeaker:
    return Loudspeaker()


async def test_it_is_set_and_told(loudspeaker: Loudspeaker) -> None:
    assert await loudspeaker.call("set_volume", percent=30) == {"percent": 30}
    assert loudspeaker.percent == 30


async def test_louder_and_softer_tell_what_came_of_it(loudspeaker: Loudspeaker) -> None:
    assert await loudspeaker.call("change_volume", delta=90) == {"percent": 100}
    assert await loudspeaker.call("change_volume", delta=-15) == {"percent": 85}
    assert loudspeaker.percent == 85


@pytest.mark.parametrize(
    ("tool", "arguments", "error"),
    [
        ("set_volume", {"percent": 150}, "percent must be at most 100"),
        ("set_volume", {"percent": -1}, "percent must be at least 0"),
        ("change_volume", {"delta": 101}, "delta must be at most 100"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    loudspeaker: Loudspeaker, tool: str, arguments: dict[str, int], error: str
) -> None:
    assert await loudspeaker.call(tool, **arguments) == {"error": error}
    assert loudspeaker.percent == 70
