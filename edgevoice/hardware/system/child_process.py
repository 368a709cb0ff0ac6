"""A process that we have started, and its end."""

import asyncio
from asyncio.subprocess import Process


async def end(process: Process, within_s: float) -> bool:
    """Ask it to stop. It is gone afterwards; False: it did not obey in time, and was killed."""
    if process.returncode is not None:
        return True
    process.terminate()
    try:
        async with asyncio.timeout(within_s):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        return False
    return True
