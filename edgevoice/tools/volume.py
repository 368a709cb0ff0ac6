"""Louder and softer. What a per cent is in amplitude is the playout buffer's owner's business."""

from collections.abc import Callable

from edgevoice.tools.tool import Arguments, Result, Tool, parameters


def volume_tools(get_percent: Callable[[], int], set_percent: Callable[[int], None]) -> list[Tool]:
    """Tools over a volume from 0 to 100; both return the new one as `percent`."""

    async def set_volume(arguments: Arguments) -> Result:
        set_percent(arguments["percent"])
        return {"percent": get_percent()}

    async def change_volume(arguments: Arguments) -> Result:
        set_percent(min(100, max(0, get_percent() + arguments["delta"])))
        return {"percent": get_percent()}

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
