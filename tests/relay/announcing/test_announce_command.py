"""`edgevoice relay announce` at a running relay, at one that refuses, and where there is none."""

from pathlib import Path

import pytest

from edgevoice.cli import main
from edgevoice.config import RelayConfig
from edgevoice.errors import LinkError
from edgevoice.relay.announcing.announce_command import _host, _post
from tests.relay.announcing.test_pages import ADMIN, opened

TOKEN = ADMIN["Authorization"].removeprefix("Bearer ")


async def test_it_is_posted_with_the_admin_token(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        url = house.client.make_url("/")
        config = RelayConfig(host=str(url.host), port=url.port or 0)
        wanted = {"device": "kitchen", "text": "dinner", "urgent": False}
        assert await _post(config, TOKEN, wanted) == {"listening": 0, "dropped": 0}
        assert [said.text for said in await house.device.announcements(0.0)] == ["dinner"]
        with pytest.raises(LinkError, match="admin_token_file"):
            await _post(config, "a guess", wanted)
        with pytest.raises(LinkError, match="no device is called"):
            await _post(config, TOKEN, {**wanted, "device": "cellar"})
    with pytest.raises(LinkError, match="is it running"):
        await _post(config, TOKEN, wanted)


def test_a_relay_that_listens_everywhere_is_found_here() -> None:
    hosts = ("0.0.0.0", "::", "::1", "192.168.1.5")
    assert [_host(host) for host in hosts] == ["127.0.0.1", "[::1]", "[::1]", "192.168.1.5"]


def test_without_an_admin_token_it_says_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert main(["relay", "announce", "all", "dinner", "--set", "relay.admin_token_file="]) != 0
    assert "openssl rand" in capsys.readouterr().err
