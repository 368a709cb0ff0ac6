"""A relay with TLS as a process of its own, and the report of `edgevoice conformance` on it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgevoice.simulator.certificate import self_signed
from edgevoice.simulator.relay_process import RunningRelay, relay_process
from tests.virtual_time import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories

SIDE_BY_SIDE = (
    ("http", "edgevoice", "socket", "webrtc"),
    ("openai-python", "agents-python", "openai-node", "agents-node"),
    ("openai-browser", "agents-browser"),
)
SETTINGS = (
    "relay.limits.starts_per_minute=600",
    "relay.limits.sessions_per_token=12",  # some offers are answered and never taken up
)


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificate and key of a CA that nobody else trusts, and the token."""
    directory = tmp_path_factory.mktemp("conformance")
    self_signed(directory, "127.0.0.1")
    return directory


@pytest.fixture(scope="session")
def relay(laboratory: Path) -> Iterator[RunningRelay]:
    certificate, key = laboratory / "relay.crt", laboratory / "relay.key"
    tls = (f"relay.tls_cert={certificate}", f"relay.tls_key={key}")
    with running(laboratory, (*SETTINGS, *tls)) as relay:
        (laboratory / "token").write_text(relay.token)
        yield relay


@pytest.fixture(scope="session")
def plain_relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRelay]:
    """Without TLS, whose goodbyes would outlive a test's event loop."""
    with running(tmp_path_factory.mktemp("plain"), SETTINGS) as relay:
        yield relay


@contextmanager
def running(directory: Path, settings: tuple[str, ...]) -> Iterator[RunningRelay]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        process = relay_process("parrot", directory, settings)
        yield runner.run(stack.enter_async_context(process))
        runner.run(stack.aclose())


@pytest.fixture(scope="session")
def outcomes(relay: RunningRelay, laboratory: Path) -> dict[str, dict[str, Any]]:
    """By the name of the check. They wait more than they work, so three go side by side."""
    with ThreadPoolExecutor(len(SIDE_BY_SIDE)) as pool:
        reports = pool.map(lambda clients: report_on(relay, laboratory, clients), SIDE_BY_SIDE)
        return {check["name"]: check for report in reports for check in report["checks"]}


def report_on(relay: RunningRelay, laboratory: Path, clients: tuple[str, ...]) -> Any:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "edgevoice", "conformance", relay.url, "--json"),
            *("--token-file", laboratory / "token", "--ca-file", laboratory / "relay.crt"),
            *(word for client in clients for word in ("--only", client)),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert done.returncode == any(check["status"] == "FAILED" for check in report["checks"])
    return report
