import asyncio
from pathlib import Path

import aiohttp
import pytest

from edgevoice.config import MetricsConfig
from edgevoice.neighbours.happening import Happening
from edgevoice.neighbours.metrics import MOST_WORDS, Figures, Metrics
from edgevoice.neighbours.neighbour import Inbox
from tests.neighbours.board import STATUS, FakeBoard, free_port
from tests.virtual_time import elapse
from tests.waiting import until


def value(figures: Figures, line: str) -> str:
    (found,) = [row for row in figures.text().decode().splitlines() if row.startswith(line + " ")]
    return found.rpartition(" ")[2]


def test_what_happens_is_counted() -> None:
    figures = Figures()
    figures.count(Happening("wake_word_detected", {"word": "alexa", "score": 0.9}))
    figures.count(
        Happening("turn_ended", {"outcome": "answered", "lost_samples": 0, "latency_ms": 450})
    )
    figures.count(Happening("microphone_lost"))
    assert value(figures, 'edgevoice_device_wakes_total{word="alexa"}') == "1.0"
    assert value(figures, 'edgevoice_device_turns_total{outcome="answered"}') == "1.0"
    assert value(figures, 'edgevoice_device_answer_seconds_bucket{le="0.5"}') == "1.0"
    assert value(figures, 'edgevoice_device_answer_seconds_bucket{le="0.4"}') == "0.0"
    assert value(figures, 'edgevoice_device_losses_total{what="microphone"}') == "1.0"


def test_the_status_is_read() -> None:
    figures = Figures()
    figures.look(STATUS | {"state": "speaking", "relay": "offline"})
    figures.look(STATUS | {"state": "speaking", "relay": "offline", "captured_s": 20.0})
    assert value(figures, 'edgevoice_device_state{state="speaking"}') == "1.0"
    assert value(figures, 'edgevoice_device_state{state="idle"}') == "0.0"
    assert value(figures, 'edgevoice_device_missing{what="relay"}') == "1.0"
    assert value(figures, "edgevoice_device_captured_seconds_total") == "20.0"
    assert value(figures, "edgevoice_device_volume_ratio") == "0.7"
    assert value(figures, "edgevoice_device_tasks") == "31.0"
    assert value(figures, "edgevoice_device_threads") == "6.0"


def test_labels_stay_few() -> None:
    figures = Figures()
    for number in range(MOST_WORDS + 5):
        figures.count(Happening("wake_word_detected", {"word": f"word {number}"}))
    assert value(figures, 'edgevoice_device_wakes_total{word="other"}') == "5.0"


async def test_the_file_is_written_again_and_again(tmp_path: Path) -> None:
    path, board, inbox = tmp_path / "edgevoice.prom", FakeBoard(), Inbox()
    task = asyncio.ensure_future(
        Metrics(MetricsConfig(textfile=str(path), every_s=15), board.host()).run(inbox)
    )
    await elapse(1)
    assert "edgevoice_device_muted 0.0" in path.read_text()
    board.status["muted"] = True
    await elapse(15)
    assert "edgevoice_device_muted 1.0" in path.read_text()
    task.cancel()


@pytest.mark.e2e
async def test_the_page_is_for_this_machine_only() -> None:
    port, inbox = free_port(), Inbox()
    task = asyncio.ensure_future(Metrics(MetricsConfig(port=port), FakeBoard().host()).run(inbox))
    inbox.put(Happening("wake_word_detected", {"word": "alexa", "score": 0.9}))
    await until(lambda: is_open(port))
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        text = await answer.text()
    assert 'edgevoice_device_wakes_total{word="alexa"} 1.0' in text
    assert listens_on(port) == {"0100007F"}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def is_open(port: int) -> bool:
    return bool(listens_on(port))


def listens_on(port: int) -> set[str]:
    """Local addresses, as /proc/net/tcp writes them."""
    tables = [Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6")]
    rows = [row.split() for table in tables for row in table.splitlines()[1:]]
    places = [row[1].split(":") for row in rows if row[3] == "0A"]
    return {address for address, listens in places if int(listens, 16) == port}
