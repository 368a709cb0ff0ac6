"""Saying goodbye. The transceiver knows this tool by name and hangs up after the next answer."""

from edgevoice.tools.tool import Arguments, Result, Tool, parameters


async def _end_conversation(arguments: Arguments) -> Result:
    return {"ended": True}


def conversation_tools() -> list[Tool]:
    return [
        Tool(
            "end_conversation",
            "End the conversation when the user says goodbye, thanks you and is done, or asks"
            " you to stop. Say a short goodbye at most.",
            parameters(),
            _end_conversation,
        )
    ]
