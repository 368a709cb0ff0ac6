"""The relay on the same board: found by its card, called when no other answers."""

import json
import os
from pathlib import Path

import pytest
from aiohttp import web

from edgevoice.config import LinkConfig
from edgevoice.errors import LinkAbsent, LinkError
from edgevoice.link.board_relay import BoardRelay
from edgevoice.link.credential import BearerToken
from edgevoice.link.relay_link import RelayLink
from edgevoice.link.signalling import Signalling
from edgevoice.relay import board_card
from edgevoice.transceiver.actions import OpenLink
from edgevoice.transceiver.inputs import LinkFailed
from tests.link.house import TOKEN, Relay, house, serving
from tests.webrtc.raw_pcm import raw


def card(path: Path, url: str, token: str = "ev_of_this_run") -> LinkConfig:
    path.write_text(json.dumps({"url": url, "token": token}))
    return LinkConfig(board_card=str(path))


async def test_it_is_called_with_the_token_of_its_card(tmp_path: Path) -> None:
    async with house() as home:
        board = home.board
        config = card(tmp_path / "board.json", home.url)
        nobody = Signalling(LinkConfig(url="http://127.0.0.1:1"), BearerToken(TOKEN))
        board.link = RelayLink(
            [nobody, BoardRelay(config)], board.gate, board.playout, board.post, codec=raw(24_000)
        )
        running = home.relay.group.create_task(board.link.run())
        await board.talk(board.ring.end)
        assert home.relay.requests[-1].headers["Authorization"] == "Bearer ev_of_this_run"
        running.cancel()


async def test_a_relay_that_was_started_anew_is_called_anew(tmp_path: Path) -> None:
    path, relay = tmp_path / "board.json", Relay(raw(16_000))
    async with serving(relay.application()) as url:
        async with BoardRelay(card(path, url, "ev_first")) as found:
            await found.warm()
        async with BoardRelay(card(path, url)) as found:
            await found.warm()
            first = found._signalling
            await found.warm()
            assert found._signalling is first
            card(path, url, "ev_second")
            await found.warm()
            assert found._signalling is not first


async def test_where_none_is_installed_it_is_no_hope(tmp_path: Path) -> None:
    async with BoardRelay(LinkConfig(board_card=str(tmp_path / "none"))) as found:
        with pytest.raises(LinkAbsent, match="no relay runs on this board"):
            await found.warm()


async def test_a_refusal_elsewhere_is_still_told_as_one(tmp_path: Path) -> None:
    async with house(board_card="") as home:
        home.relay.refusal = web.Response(status=401)
        board, there = home.board, Signalling(LinkConfig(url=home.url), BearerToken(TOKEN))
        absent = BoardRelay(LinkConfig(board_card=str(tmp_path / "none")))
        board.link = RelayLink(
            [there, absent], board.gate, board.playout, board.post, codec=raw(24_000)
        )
        running = home.relay.group.create_task(board.link.run())
        board.link.open(OpenLink(0))
        failed = await board.until(LinkFailed)
        assert failed.refused and "does not accept our token" in failed.reason
        running.cancel()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url":"http://127.0.0.1:1"}', "\xff" * 2_000])
async def test_a_damaged_card_is_no_relay(tmp_path: Path, text: str) -> None:
    path = tmp_path / "board.json"
    path.write_text(text)
    async with BoardRelay(LinkConfig(board_card=str(path))) as found:
        with pytest.raises(LinkError, match="no good"):
            await found.warm()


async def test_a_card_leads_nowhere_else(tmp_path: Path) -> None:
    config = card(tmp_path / "board.json", "http://192.0.2.7:8790")
    async with BoardRelay(config) as found:
        with pytest.raises(LinkError, match="another machine"):
            await found.warm()


async def test_what_the_relay_shows_the_device_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    relay = Relay(raw(16_000))
    path = tmp_path / board_card.NAME
    async with serving(relay.application()) as url:
        async with board_card.shown(url, board_card.new_token()):
            assert path.stat().st_mode & 0o777 == 0o640
            async with BoardRelay(LinkConfig(board_card=str(path))) as found:
                await found.warm()
        assert not path.exists()


@pytest.mark.parametrize("url", ["https://127.0.0.1:8790", "http://192.0.2.1:8790"])
async def test_who_is_not_reached_over_loopback_shows_no_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    async with board_card.shown(url, "ev_x"):
        assert not os.listdir(tmp_path)
