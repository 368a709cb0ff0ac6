"""The way to a relay: to a real one on this machine, and to those who are none."""

import json
import socket
import ssl
import time
from pathlib import Path

import pytest

from edgevoice.config import Config, FallbackConfig, LinkConfig
from edgevoice.doctor.checks.network import _no_credential, network, targets
from edgevoice.doctor.finding import Finding
from edgevoice.identity import device_key
from edgevoice.relay.access.tokens import create, revoke
from tests.doctor import relays
from tests.doctor.boards import Board, levels, only

pytestmark = pytest.mark.e2e


def look(folder: Path, url: str, now: float = 0.0, **link: str) -> list[Finding]:
    board = Board(folder / "board", {"etc/resolv.conf": "nameserver ::1\n"}, now=now or time.time())
    settings = {"token_file": str(folder / "token"), "key_file": str(folder / "key"), **link}
    config = Config(link=LinkConfig(url=url, **settings))  # type: ignore[arg-type]
    (target,) = targets(config)
    return list(network(board.machine, target))


def test_everything_from_the_certificate_to_the_media(tmp_path: Path) -> None:
    config = relays.config(tmp_path, tls=True)
    with relays.relay(config) as url:
        found = look(tmp_path, url, ca_file=config.tls_ca)
        strangers = look(tmp_path, url)
        later = look(tmp_path, url, time.time() + 86_400 * 3_650, ca_file=config.tls_ca)
    assert levels(found) == {
        "relay": "ok", "relay certificate": "ok", "relay login": "ok", "relay media": "ok",
    }  # fmt: skip
    assert '"kitchen" (token)' in only(found, "relay login").text
    assert only(found, "relay certificate").text.startswith("TLSv1.3, good for 36")
    unpinned = only(strangers)
    assert unpinned.level == "fail" and unpinned.todo == f"sudo edgevoice pair {url} pins it"
    assert levels(later)["relay certificate"] == levels(later)["relay authority"] == "warn"
    assert levels(later)["relay clock"] == "warn"


def test_a_token_that_was_revoked_and_a_file_that_has_none(tmp_path: Path) -> None:
    config = relays.config(tmp_path)
    with relays.relay(config) as url:
        create(config.tokens_file, "hall")
        revoke(config.tokens_file, "kitchen")
        revoked = only(look(tmp_path, url), "relay login")
        (tmp_path / "token").unlink()
        missing = only(look(tmp_path, url), "relay login")
    assert revoked.level == missing.level == "fail"
    assert f"sudo edgevoice pair {url}" in revoked.todo
    assert "edgevoice pair" in missing.todo


def test_a_board_that_nobody_has_approved(tmp_path: Path) -> None:
    with relays.relay(relays.config(tmp_path)) as url:
        (tmp_path / "token").unlink()
        device_key.create(tmp_path / "key")
        found = only(look(tmp_path, url), "relay login")
    assert found.level == "fail" and found.todo == f"sudo edgevoice pair {url}"


def test_a_token_that_only_root_may_read() -> None:
    """As long as the doctor is not root, the token is the service's business."""
    found = _no_credential(PermissionError(13, "Permission denied"), is_root=False)
    assert found.level == "warn" and found.todo.startswith("sudo edgevoice doctor network")
    assert _no_credential(PermissionError(13, "Permission denied"), is_root=True).level == "fail"


def test_media_over_a_websocket_is_not_probed(tmp_path: Path) -> None:
    with relays.relay(relays.config(tmp_path)) as url:
        found = look(tmp_path, url, transport="websocket")
    assert "WebSocket" in only(found, "relay media").text


def test_a_relay_that_can_open_no_media_sockets(tmp_path: Path) -> None:
    with relays.relay(relays.config(tmp_path, media_host="192.0.2.1")) as url:
        found = only(look(tmp_path, url), "relay media")
    assert found.level == "warn" and "relay.media_host" in found.text


def test_somebody_elses_server(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("sk-right")
    yesterday = "Sun, 29 Nov 2026 10:00:00 GMT"
    with relays.server(lambda: relays.openai("sk-right", yesterday)) as url:
        found = look(tmp_path, url)
        (tmp_path / "token").write_text("sk-wrong")
        refused = only(look(tmp_path, url), "relay login")
    assert levels(found) == {"relay": "ok", "relay login": "ok", "relay clock": "warn"}
    assert "OpenAI-compatible" in only(found, "relay login").text
    assert refused.level == "fail" and "Incorrect API key" in refused.text


def test_nobody_is_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = only(look(tmp_path, f"http://127.0.0.1:{port}"))
    assert found.level == "fail" and "nobody listens" in found.text
    assert "systemctl start edgevoice-relay" in found.todo


def test_no_tls_is_spoken_there(tmp_path: Path) -> None:
    with relays.server(lambda: relays.openai("x")) as url:
        found = only(look(tmp_path, url.replace("http:", "https:")))
    assert (found.level, found.name) == ("fail", "relay certificate")


def test_a_certificate_for_another_name(tmp_path: Path) -> None:
    config = relays.config(tmp_path, tls=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(config.tls_cert, config.tls_key)
    with relays.server(lambda: relays.openai("x"), context) as url:
        by_name = url.replace("127.0.0.1", "localhost")
        found = only(look(tmp_path, by_name, ca_file=config.tls_ca))
    assert found.level == "fail" and "link.url" in found.todo


def test_plain_http_to_another_machine_is_not_even_tried(tmp_path: Path) -> None:
    found = only(look(tmp_path, "http://192.0.2.1:8790"))
    assert found.level == "fail" and "edgevoice relay init" in found.todo


def test_a_name_that_nobody_knows(tmp_path: Path) -> None:
    found = only(look(tmp_path, "https://relay.invalid"))
    assert (found.level, found.name) == ("fail", "relay name") and "getent" in found.todo


def test_an_authority_that_is_no_certificate(tmp_path: Path) -> None:
    config = relays.config(tmp_path, tls=True)
    (tmp_path / "ca.crt").write_text("nothing")
    with relays.relay(config) as url:
        found = only(look(tmp_path, url, ca_file=str(tmp_path / "ca.crt")))
    assert (found.level, found.name) == ("fail", "relay authority")


def test_the_relay_on_this_board_is_found_by_its_card(tmp_path: Path) -> None:
    config = relays.config(tmp_path)
    with relays.relay(config) as url:
        token = (tmp_path / "token").read_text()
        (tmp_path / "board.json").write_text(json.dumps({"url": url, "token": token}))
        files = {"token_file": str(tmp_path / "none"), "key_file": str(tmp_path / "none")}
        link = LinkConfig(board_card=str(tmp_path / "board.json"), **files)
        (card,) = targets(Config(link=link))  # nobody has named another one
        found = list(network(Board(tmp_path / "board", now=time.time()).machine, card))
    assert levels(found)["relay on this board login"] == "ok"


def test_every_relay_of_the_configuration_has_its_name() -> None:
    two = (FallbackConfig("https://a"), FallbackConfig("https://b"))
    config = Config(link=LinkConfig(fallbacks=two))
    assert [target.name for target in targets(config)] == [
        "relay", "fallback relay 1", "fallback relay 2",
    ]  # fmt: skip
    assert targets(config)[2].setting == "link.fallbacks[1].url"
