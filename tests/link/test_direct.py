"""Past the relay: who is contacted, what each of them sees, and what goes wrong."""

import logging
from pathlib import Path

import pytest

from edgevoice.config import LinkConfig
from edgevoice.errors import LinkError, LinkRefused
from edgevoice.link.credential import BearerToken
from edgevoice.link.direct import DirectSignalling, destination, make_signalling
from edgevoice.link.signalling import Secret, Signalling
from edgevoice.transceiver.states import State
from tests.link.direct_house import KEY, DirectHouse, direct_house
from tests.link.house import TOKEN, serving
from tests.link.test_session import AUDIT
from tests.link.test_signalling import answering, relay
from tests.openai_server.server import OpenAiServer
from tests.virtual_time import elapse


def secrets_seen(house: DirectHouse) -> list[str]:
    return [seen.headers["Authorization"] for seen in house.server.seen if "calls" in seen.path]


async def connected(house: DirectHouse) -> None:
    house.device.wake()
    await house.device.until(State.LISTENING)


def test_the_setting_decides_who_is_called() -> None:
    direct = LinkConfig(direct=True)
    assert isinstance(make_signalling(direct, TOKEN), DirectSignalling)
    assert isinstance(make_signalling(LinkConfig(), TOKEN), Signalling)
    assert destination(direct) == "https://api.openai.com"
    assert destination(LinkConfig()) == "http://127.0.0.1:8790"


async def test_the_call_is_made_with_a_minted_secret(tmp_path: Path) -> None:
    async with direct_house(tmp_path) as house:
        await connected(house)
        (secret,) = house.server.secrets
        assert secrets_seen(house) == [f"Bearer {secret}"]
        assert house.session.effective.model == "gpt-realtime-2.1-mini"


async def test_the_server_is_told_nothing_that_is_ours(tmp_path: Path) -> None:
    async with direct_house(tmp_path) as house:
        await connected(house)
        await elapse(0.5)
        await house.device.speak(1.0)
        await house.device.until(State.LISTENING)
        for seen in house.server.seen:
            assert not [name for name in seen.headers if name.lower().startswith("edgevoice")]
            assert house.device.token not in str(seen.headers)
        assert not [event for event in house.session.received if "edgevoice" in event["type"]]
        assert house.server.violations == []


async def test_hanging_up_is_done_with_the_secret_of_the_call(tmp_path: Path) -> None:
    async with direct_house(tmp_path) as house:
        await connected(house)
        house.device.board.link.close("test")
        await elapse(1)
        assert house.session.closed == "the client hung up"
        assert len(set(secrets_seen(house))) == 1 and len(secrets_seen(house)) == 2


async def test_each_call_has_a_secret_of_its_own(tmp_path: Path) -> None:
    async with direct_house(tmp_path) as house:
        for _ in range(2):
            await connected(house)
            house.device.pause()
            await house.device.until(State.IDLE)  # nobody says a word
        assert len(house.server.secrets) == len(house.server.sessions) == 2


@pytest.mark.fault("token-expired")
async def test_an_expired_secret_is_replaced_once(tmp_path: Path) -> None:
    def expire_the_first(server: OpenAiServer) -> None:
        server.lifetimes_s = [0.0]

    async with direct_house(tmp_path, on_server=expire_the_first) as house:
        await connected(house)
        assert len(house.server.secrets) == 2
        assert len(set(secrets_seen(house))) == 2


@pytest.mark.fault("token-expired")
async def test_secrets_that_are_never_accepted_are_no_loop(tmp_path: Path) -> None:
    def expire_all(server: OpenAiServer) -> None:
        server.lifetimes_s = [0.0] * 9

    async with direct_house(tmp_path, on_server=expire_all) as house:
        house.device.wake()
        await house.device.until(State.IDLE)
        assert len(house.server.secrets) == 2
        assert "must name the same server" in house.device.mind.last_ending


async def test_only_the_configured_origins_are_contacted(tmp_path: Path) -> None:
    AUDIT.append(set())
    try:
        async with direct_house(tmp_path) as house:
            await connected(house)
            await elapse(1)
        assert AUDIT[0] == {"127.0.0.1"}
    finally:
        AUDIT.clear()


async def test_nothing_secret_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with direct_house(tmp_path) as house:
        await connected(house)
        (secret,) = house.server.secrets
        house.device.pause()
        await house.device.until(State.IDLE)
        for hidden in (secret, KEY, house.device.token):
            assert hidden not in caplog.text
    assert "ek_" not in caplog.text
    assert "ek_" not in repr(Secret("ek_1"))


async def test_a_relay_without_upstream_says_what_to_set() -> None:
    told = '{"error":{"message":"set relay.upstream.key_file there"}}'
    async with relay(answering(404, told)) as url:
        config = LinkConfig(url=url, direct=True, direct_url="http://127.0.0.1:9")
        async with DirectSignalling(config, BearerToken(TOKEN)) as signalling:
            with pytest.raises(LinkRefused, match=r"relay\.upstream\.key_file"):
                await signalling.call("offer", {})


async def test_a_secret_that_is_none_is_said() -> None:
    async with relay(answering(200, '{"value":"two words"}')) as url:
        config = LinkConfig(url=url, direct=True)
        async with DirectSignalling(config, BearerToken(TOKEN)) as signalling:
            with pytest.raises(LinkError, match="something else than a client secret"):
                await signalling.call("offer", {})


async def test_plain_http_to_the_server_is_refused() -> None:
    config = LinkConfig(direct=True, direct_url="http://192.0.2.1")
    async with (
        relay(answering(200, '{"value":"ek_1"}')) as url,
        DirectSignalling(
            LinkConfig(url=url, direct=True, direct_url=config.direct_url), BearerToken(TOKEN)
        ) as s,
    ):
        with pytest.raises(LinkError, match=r"link\.direct_url .* is not encrypted"):
            await s.call("offer", {})


async def test_both_connections_are_kept_warm(tmp_path: Path) -> None:
    server = OpenAiServer(KEY)
    async with serving(server.application()) as there, relay(answering(200)) as here:
        config = LinkConfig(url=here, direct=True, direct_url=there)
        async with DirectSignalling(config, BearerToken(TOKEN)) as signalling:
            await signalling.warm()
            assert server.seen == []  # a connection, and no request that counts


async def test_a_server_that_is_not_there_is_named() -> None:
    async with relay(answering(200, '{"value":"ek_1"}')) as url:
        config = LinkConfig(url=url, direct=True, direct_url="http://127.0.0.1:9")
        async with DirectSignalling(config, BearerToken(TOKEN)) as signalling:
            assert signalling.relay == "127.0.0.1:9"
            with pytest.raises(LinkError, match="nobody answers at 127.0.0.1:9"):
                await signalling.call("offer", {})
