from collections import deque
from pathlib import Path

from edgevoice.simulator.soak.watcher import Watcher, first_after, reconnections
from tests.virtual_time import elapse

STORY = deque(
    [
        (1.0, "connecting"), (1.2, "wake_word_detected"), (1.3, "listening"), (3.0, "thinking"),
        (3.5, "tts_speaking"), (5.0, "connecting"), (6.5, "tts_speaking"), (8.0, "idle"),
        (9.0, "connecting"), (14.0, "idle"), (15.0, "connecting"), (15.2, "listening"),
        (16.0, "tts_speaking"), (17.0, "connecting"), (30.0, "idle"),
    ]
)  # fmt: skip


def test_sessions_that_lost_their_link_and_went_on():
    """Not those that were only being begun, nor those that never came back."""
    assert reconnections(STORY) == [1.5]


def test_the_next_answer_after_a_fault():
    assert first_after(STORY, 0.5) == 3.0
    assert first_after(STORY, 4.0) == 0.0, "it went on all the time"
    assert first_after(STORY, 5.5) == 1.0
    assert first_after(STORY, 20.0) is None


async def test_it_reads_what_happens_and_comes_back_when_the_socket_does(tmp_path: Path) -> None:
    import asyncio
    import json

    path, clock = tmp_path / "events.sock", asyncio.get_running_loop().time
    writers = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(json.dumps({"event": "status", "state": "speaking"}).encode() + b"\n")

    server = await asyncio.start_unix_server(serve, str(path))
    watcher = Watcher(path, clock)
    running = asyncio.ensure_future(watcher.run())
    assert await watcher.until_state("tts_speaking", within_s=5)
    writers[0].write(b'{"event": "timer_ringing"}\n{"event": "idle"}\n')
    assert await watcher.until_state("idle", within_s=5)
    assert await watcher.until_event("timer_ringing", 0.0, within_s=5)
    assert not await watcher.until_event("announcement", 0.0, within_s=0.1)
    writers[0].close()
    assert await watcher.until_state("gone", within_s=5)
    assert await watcher.until_state("tts_speaking", within_s=5)
    assert len(writers) == 2
    running.cancel()
    for writer in writers:
        writer.close()
    server.close()
    await elapse(0.1)
