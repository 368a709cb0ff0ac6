"""Downloads from a real web server that breaks off, refuses and lies."""

import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from edgevoice.errors import ModelError
from edgevoice.models.download import Bar, download

CONTENT = bytes(range(256)) * 4_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(HTTPServer):
    """Serves CONTENT; may hang up after so many bytes, know no ranges, or refuse."""

    breaks_after: int | None = None
    knows_ranges = True
    refuses = 0
    ranges: list[str | None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/toy.whl"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, wanted = self.server, self.headers["Range"]
        server.ranges.append(wanted)
        begin = 0
        if server.refuses:
            self.send_error(server.refuses)
            return
        if wanted and server.knows_ranges:
            begin = int(re.findall(r"\d+", wanted)[0])
        if begin >= len(CONTENT):
            self.send_error(416)
            return
        body = CONTENT[begin:]
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: server.breaks_after])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.ranges = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_comes_and_is_not_fetched_twice(server: Server, tmp_path: Path) -> None:
    for _ in range(2):
        assert download(server.url, tmp_path / "a.whl", SHA256).read_bytes() == CONTENT
    assert server.ranges == [None]
    assert [path.name for path in tmp_path.iterdir()] == ["a.whl"]


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_it_goes_on_where_it_broke_off(server: Server, tmp_path: Path, knows_ranges: bool) -> None:
    server.breaks_after, server.knows_ranges = 600_000, knows_ranges
    with pytest.raises(ModelError, match="run the same command again"):
        download(server.url, tmp_path / "a.whl", SHA256)
    assert not (tmp_path / "a.whl").exists()
    server.breaks_after = None
    assert download(server.url, tmp_path / "a.whl", SHA256).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=600000-"]


def test_what_is_something_else_does_not_count_and_does_not_stay(
    server: Server, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="damaged or something else"):
        download(server.url, tmp_path / "a.whl", "0" * 64)
    assert not list(tmp_path.iterdir())


def test_a_part_that_is_longer_than_the_file_is_dropped(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.whl.part").write_bytes(bytes(2_000_000))
    assert download(server.url, tmp_path / "a.whl", SHA256).read_bytes() == CONTENT


def test_refusals_and_odd_addresses_are_said(server: Server, tmp_path: Path) -> None:
    for server.refuses in (404, 416):
        with pytest.raises(ModelError, match=rf"refused \({server.refuses}"):
            download(server.url, tmp_path / "a.whl", SHA256)
    with pytest.raises(ModelError, match="no web address"):
        download("file:///etc/passwd", tmp_path / "a.whl", SHA256)


def test_nobody_there(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="broke off"):
        download("http://127.0.0.1:9/a.whl", tmp_path / "a.whl", SHA256)


def test_the_bar_is_for_terminals(capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    Bar("toy.whl", 0, 100).add(50)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    bar = Bar("toy.whl", 0, 2_000_000)
    bar.add(1_000_000)
    bar.end()
    assert "\rtoy.whl [###############               ]  50 % 1 of 2 MB" in capsys.readouterr().err
