"""Louder and softer. What a per cent is in amplitude is the loudspeaker's owner's business."""

from collections.abc import Callable

from edgevoice.tools.tool import Arguments, Result, Tool, parameters


def volume_tools(
    set_percent: Callable[[int], int], change_percent: Callable[[int], int]
) -> list[Tool]:
    """Tools over a volume from 0 to 100; both functions return what it then is."""

    async def set_volume(arguments: Arguments) -> Result:
        return {"percent": set_percent(arguments["percent"])}

    async def change_volume(arguments: Arguments) -> Result:
        return {"percent": change_percent(arguments["delta"])}

    percent = {"type": "integer", "minimum": 0, "maximum": 100}
    delta = {"type": "integer", "minimum": -100, "maximum": 100}
    return [
        Tool(
            "set_volume",
            "Set the loudness of this device in per cent; 0 is silent.",
            parameters(("percent",), percent=percent),
            set_volume,
        ),
        Tool(
            "change_volume",
            "Make this device louder (positive) or softer (negative) by so many per cent."
            " Use 15 unless told otherwise.",
            parameters(("delta",), delta=delta),
            change_volume,
        ),
    ]
