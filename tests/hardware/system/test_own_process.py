import asyncio
import os
import threading
from pathlib import Path

from edgevoice.hardware.system.own_process import holdings


async def test_a_task_a_thread_and_a_descriptor_more_are_seen() -> None:
    before = holdings()
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    task = asyncio.create_task(asyncio.Event().wait())
    descriptor = os.open("/dev/null", os.O_RDONLY)
    during = holdings()
    os.close(descriptor)
    end.set()
    thread.join()
    task.cancel()
    await asyncio.wait([task])
    assert (during.tasks, during.threads, during.descriptors) == (
        before.tasks + 1,
        before.threads + 1,
        before.descriptors + 1,
    )
    assert holdings().tasks == before.tasks
    assert before.pid == os.getpid()


async def test_memory_is_what_the_kernel_says(tmp_path: Path) -> None:
    for name in ("task", "fd"):
        (tmp_path / name).mkdir()
    (tmp_path / "statm").write_text("90000 25000 7000 1 0 40000 0\n")
    assert holdings(tmp_path).rss_mb == round(25_000 * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def test_who_has_no_descriptor_left_is_told_the_rest(tmp_path: Path) -> None:
    """The system refuses the same way where there is nothing to look at."""
    told = holdings(tmp_path / "nothing")
    assert (told.pid, told.threads, told.descriptors, told.rss_mb) == (os.getpid(), 0, 0, 0.0)
