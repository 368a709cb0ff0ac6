"""Lamps and goodbye, called through the toolbox."""

import json
from typing import Any

import pytest

from edgevoice.errors import GpioError
from edgevoice.tools.conversation import conversation_tools
from edgevoice.tools.light import light_tools
from edgevoice.tools.tool import Tool
from edgevoice.tools.toolbox import ToolBox


class House:
    def __init__(self) -> None:
        self.lamps = {"desk": False, "ceiling": False}

    def switch(self, name: str, on: bool) -> None:
        if name == "ceiling":
            raise GpioError('lamp "ceiling" cannot be switched: this machine has no GPIO')
        self.lamps[name] = on

    @property
    def tools(self) -> list[Tool]:
        return [
            *light_tools(list(self.lamps), self.switch),
            *conversation_tools(),
        ]

    async def call(self, tool: str, /, **arguments: Any) -> Any:
        return json.loads(await ToolBox(self.tools).call(tool, json.dumps(arguments)))


@pytest.fixture
def house() -> House:
    return House()


async def test_a_lamp_is_switched(house: House) -> None:
    assert await house.call("switch_light", name="desk", on=True) == {"name": "desk", "on": True}
    assert house.lamps["desk"]


async def test_an_unknown_lamp_lists_the_known_ones(house: House) -> None:
    answer = await house.call("switch_light", name="moon", on=True)
    assert answer == {"error": "name must be one of desk, ceiling"}


async def test_a_lamp_that_cannot_be_switched_says_why(house: House) -> None:
    assert "no GPIO" in (await house.call("switch_light", name="ceiling", on=True))["error"]


def test_without_lamps_there_is_nothing_to_call() -> None:
    assert light_tools([], lambda name, on: None) == []


async def test_goodbye(house: House) -> None:
    assert await house.call("end_conversation") == {"ended": True}
