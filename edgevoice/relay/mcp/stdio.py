"""A server that the relay runs: one process, a message per line on its stdin and stdout.

The package's own transport keeps a line until it ends, which may be never. Here a line is
bounded, and lines that are no messages (a stray `print`) are skipped.
The process has no environment but what the owner names, and ends with the connection.
"""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from edgevoice.errors import McpError
from edgevoice.relay.mcp.pulse import MAX_MESSAGE, Pulse, Streams

PASSED = ("PATH", "HOME", "LANG")
GOODBYE_S = 1.0
"""From a closed stdin to SIGTERM, and from there to SIGKILL."""
WAITING = 32
"""Messages to a server that does not read; then callers wait, until their time is over."""


@contextlib.asynccontextmanager
async def run_server(
    command: Sequence[str], environment: Sequence[str], pulse: Pulse
) -> AsyncIterator[Streams]:
    """Raises McpError when it cannot be started."""
    process = await _start(command, environment)
    inbox, received = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    to_send, outbox = anyio.create_memory_object_stream[SessionMessage](WAITING)
    try:
        async with inbox, received, to_send, outbox, anyio.create_task_group() as group:
            group.start_soon(_read, process, inbox, pulse)
            group.start_soon(_write, process, outbox, pulse)
            yield received, to_send
            group.cancel_scope.cancel()
    finally:
        await _stop(process)


async def _start(command: Sequence[str], environment: Sequence[str]) -> Process:
    passed: Mapping[str, str] = {
        name: os.environ[name] for name in (*PASSED, *environment) if name in os.environ
    }
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,  # nobody knows what is in it
            env=passed,
            limit=MAX_MESSAGE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise McpError(f"{command[0]} cannot be started: {error}") from None


async def _read(process: Process, inbox: Any, pulse: Pulse) -> None:
    assert process.stdout is not None
    now = asyncio.get_running_loop().time
    reason = "its program has ended"
    try:
        while (line := await process.stdout.readuntil()) and pulse.beat(now()):
            with contextlib.suppress(ValueError):  # no JSON, nested too deep, or no message
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
                await inbox.send(SessionMessage(message))
    except asyncio.LimitOverrunError:
        reason = f"it sent a message of more than {MAX_MESSAGE} bytes"
    except (asyncio.IncompleteReadError, OSError, anyio.BrokenResourceError):
        pass
    pulse.end(reason)
    await inbox.aclose()


async def _write(process: Process, outbox: Any, pulse: Pulse) -> None:
    assert process.stdin is not None
    try:
        async for message in outbox:
            text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            process.stdin.write(text.encode() + b"\n")
            await process.stdin.drain()
    except OSError:
        pulse.end("its program has ended")


async def _stop(process: Process) -> None:
    """By closing its stdin, as the specification says; with force where that is not enough."""
    assert process.stdin is not None
    transport = getattr(process, "_transport", None)
    try:
        process.stdin.close()
        with anyio.CancelScope(shield=True):
            for forced in (None, signal.SIGTERM):
                if forced is not None:
                    _signal(process, forced)
                if await _ended(process):
                    return
    finally:
        _signal(process, signal.SIGKILL)  # what is left of its group too
        if transport is not None:
            transport.close()  # a grandchild may hold the pipe open


async def _ended(process: Process) -> bool:
    """Not `process.wait()`, which waits for the pipes as well."""
    deadline = asyncio.get_running_loop().time() + GOODBYE_S
    while process.returncode is None:
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True


def _signal(process: Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
