"""Switching the board's outputs by name."""

from collections.abc import Callable, Sequence

from edgevoice.tools.tool import Arguments, Result, Tool, parameters


def light_tools(names: Sequence[str], switch: Callable[[str, bool], None]) -> list[Tool]:
    """One tool, or none where there is nothing to switch."""
    if not names:
        return []

    async def switch_light(arguments: Arguments) -> Result:
        switch(arguments["name"], arguments["on"])
        return {"name": arguments["name"], "on": arguments["on"]}

    return [
        Tool(
            "switch_light",
            "Switch a lamp or another device of the house on or off.",
            parameters(
                ("name", "on"),
                name={"type": "string", "enum": list(names)},
                on={"type": "boolean"},
            ),
            switch_light,
        )
    ]
