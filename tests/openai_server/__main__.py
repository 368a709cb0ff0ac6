"""`python -m tests.openai_server --key sk-...`: prints its URL, runs until SIGTERM."""

import argparse
import asyncio
import signal

from tests.openai_server.answering import Behaviour
from tests.openai_server.server import OpenAiServer

READY = "openai server ready on "


async def main(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    behaviour = Behaviour(
        answer_s=arguments.answer_s,
        session_s=arguments.session_s,
        make_s=arguments.make_s,
        repeats=True,
    )
    async with OpenAiServer(arguments.key, behaviour).serving(arguments.port) as url:
        print(READY + url, flush=True)
        await stop.wait()


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--key", default="sk-test-key")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--answer-s", type=float, default=1.0)
parser.add_argument("--make-s", type=float, default=0.0)
parser.add_argument("--session-s", type=float, default=3600.0)
asyncio.run(main(parser.parse_args()))
