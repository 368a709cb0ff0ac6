"""Client secrets of our own: minted, used, expired; by whom, for what and how many."""

import json
import logging

import pytest
from openai.types.realtime import ClientSecretCreateResponse

from edgevoice.config import McpConfig, McpServerConfig
from edgevoice.relay.access.callers import secret_digest
from edgevoice.relay.access.own_secrets import MOST_AT_A_TIME
from edgevoice.relay.access.tokens import create, revoke
from edgevoice.relay.mcp.servers import McpServers
from edgevoice.relay.store.memory import MemoryStore
from edgevoice.relay.store.records import Secret
from tests.relay.doors import callers, front_door, wall_clock
from tests.relay.http.test_signalling import CALLS, House, refusal
from tests.virtual_time import elapse

PATH = "/v1/realtime/client_secrets"


class SecretHouse(House):
    """One whose store a test may look into."""

    def __init__(self, tokens_file: str, **limits) -> None:
        super().__init__(tokens_file, **limits)
        self.store = MemoryStore()
        self._application = front_door(self.config, self.calls, self.store).application

    async def mint(self, body=None, token=None, **headers):
        sent = {"Authorization": f"Bearer {token or self.kitchen}", **headers}
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        return await self.client.post(PATH, data=data, headers=sent)

    async def secret(self, body=None) -> str:
        return (await (await self.mint(body)).json())["value"]

    def greeting(self, number: int = 0):
        """What the session of that call begins with."""
        self.carriers[number].session.on_open()
        return self.carriers[number].sent[0]["session"]


@pytest.fixture
def house(tmp_path):
    return SecretHouse(str(tmp_path / "tokens"), sessions_per_token=3)


async def test_it_is_what_openais_client_wants(house):
    async def tale(house: SecretHouse) -> None:
        session = {"type": "realtime", "instructions": "Be brief."}
        response = await house.mint({"session": session})
        assert response.status == 200
        secret = ClientSecretCreateResponse.model_validate(await response.json(), strict=True)
        assert secret.value.startswith("ek_") and len(secret.value) > 40
        assert secret.expires_at == int(wall_clock()) + 600
        assert secret.session.id.startswith("sess_")
        assert secret.session.type == "realtime"
        assert secret.session.object == "realtime.session"
        assert secret.session.expires_at == secret.expires_at
        assert secret.session.instructions == "Be brief."

    await house.visit(tale)


async def test_a_call_with_it_has_the_settings_that_it_was_made_for(house):
    async def tale(house: SecretHouse) -> None:
        audio = {"output": {"voice": "sage"}}
        session = {"type": "realtime", "instructions": "Be brief.", "audio": audio}
        secret = await house.secret({"session": session})
        response = await house.call(secret, path=CALLS + "?model=gpt-y")
        assert response.status == 201
        begun = house.greeting()
        assert begun["instructions"] == "Be brief."
        assert begun["audio"]["output"]["voice"] == "sage"
        assert begun["model"] == "gpt-y"

    await house.visit(tale)


async def test_it_opens_several_sessions_until_it_expires_and_they_outlive_it(house):
    async def tale(house: SecretHouse) -> None:
        asked = {"expires_after": {"anchor": "created_at", "seconds": 10}}
        secret = await house.secret(asked)
        assert [(await house.call(secret)).status for _ in range(2)] == [201, 201]
        await elapse(11)
        assert await refusal(await house.call(secret)) == (401, "invalid_api_key")
        assert house.calls.live == 2

    await house.visit(tale)


async def test_its_owners_limits_count(house):
    async def tale(house: SecretHouse) -> None:
        secret, other = await house.secret(), await house.secret()
        for credential in (house.kitchen, secret, other, secret):
            assert (await house.call(credential)).status == 201
        await elapse(0.1)
        assert house.calls.live == 3  # the eldest of a secret was replaced
        place = (await house.call(secret)).headers["Location"]
        assert (await house.call(house.kitchen, path=place + "/hangup")).status == 200
        assert await refusal(await house.call(house.hall, path=place + "/hangup")) in [
            (403, "forbidden"),
            (404, "not_found"),
        ]

    await house.visit(tale)


async def test_it_makes_no_others(house):
    async def tale(house: SecretHouse) -> None:
        secret = await house.secret()
        assert await refusal(await house.mint(token=secret)) == (403, "forbidden")

    await house.visit(tale)


async def test_it_is_worth_nothing_once_its_owner_is_revoked(house):
    async def tale(house: SecretHouse) -> None:
        secret = await house.secret()
        revoke(house.config.tokens_file, "kitchen")
        assert await refusal(await house.call(secret)) == (401, "invalid_api_key")

    await house.visit(tale)


async def test_it_stays_so_when_another_token_gets_the_name(house):
    """Whoever had the old one may have made some, and a session with them goes on."""

    async def tale(house: SecretHouse) -> None:
        secret = await house.secret()
        await house.call(secret)
        revoke(house.config.tokens_file, "kitchen")
        create(house.config.tokens_file, "kitchen")
        assert await refusal(await house.call(secret)) == (401, "invalid_api_key")
        ((_, caller),) = house.calls.callers()
        known = callers(house.config.tokens_file, house.store)
        assert not await known.admits(caller.name, caller.token_hash)

    await house.visit(tale)


async def test_nobody_has_more_than_a_hundred_at_a_time(house):
    async def tale(house: SecretHouse) -> None:
        until = wall_clock() + 600
        for number in range(MOST_AT_A_TIME):
            await house.store.add_secret(Secret(str(number), "kitchen", until, "{}"))
        assert await refusal(await house.mint()) == (429, "rate_limit_exceeded")
        assert (await house.mint(token=house.hall)).status == 200
        await elapse(600)
        assert (await house.mint()).status == 200

    await house.visit(tale)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"session":7}',
        b'{"session":{"audio":3}}',
        b'{"session":{"audio":{"input":{"turn_detection":{"type":"nonsense"}}}}}',
        b'{"expires_after":{"seconds":9}}',
        b'{"expires_after":{"seconds":7201}}',
        b'{"session":' + b"[" * 9_000,
    ],
)
async def test_what_cannot_be_is_400(house, body):
    async def tale(house: SecretHouse) -> None:
        assert (await refusal(await house.mint(body)))[0] == 400

    await house.visit(tale)


async def test_a_device_in_direct_mode_is_told_that_there_is_no_upstream(house):
    async def tale(house: SecretHouse) -> None:
        answer = await house.mint(**{"Edgevoice-Direct": "1"})
        assert await refusal(answer) == (404, "no_upstream")

    await house.visit(tale)


async def test_only_its_hash_is_kept_and_nothing_of_it_is_logged(house, caplog):
    caplog.set_level(logging.DEBUG)

    async def tale(house: SecretHouse) -> None:
        session = {"type": "realtime", "instructions": "the password is hush"}
        secret = await house.secret({"session": session})
        kept = await house.store.secret(secret_digest(secret), wall_clock())
        assert kept is not None and kept.owner == "kitchen"
        assert secret not in repr(kept)
        assert "caller=kitchen address=127.0.0.1 gets a client secret of ours" in caplog.text
        assert secret not in caplog.text and "hush" not in caplog.text

    await house.visit(tale)


async def placed(house, credential, **headers) -> str:
    response = await house.call(credential, **headers)
    assert response.status == 201
    house.carriers[-1].session.on_open()
    return response.headers["Location"]


async def test_it_ends_no_call_but_its_own(house):
    async def tale(house: SecretHouse) -> None:
        secret, other = await house.secret(), await house.secret()
        device = {"Edgevoice-Version": "1"}
        calls = [await placed(house, house.kitchen, **device), await placed(house, other, **device)]
        for place in calls:
            assert await refusal(await house.call(secret, path=place + "/hangup")) == (
                403,
                "forbidden",
            )
            resume = {"Edgevoice-Resume": place.rpartition("/")[2], **device}
            assert "Edgevoice-Resumed" not in (await house.call(secret, **resume)).headers
        own = await placed(house, secret)
        assert (await house.call(secret, path=own + "/hangup")).status == 200

    await house.visit(tale)


async def test_it_silences_nobody_who_holds_the_token(tmp_path):
    house = SecretHouse(str(tmp_path / "tokens"), sessions_per_token=1)

    async def tale(house: SecretHouse) -> None:
        secret = await house.secret()
        await placed(house, secret)
        await placed(house, secret)
        await placed(house, house.kitchen)
        refused = await house.call(secret)
        assert await refusal(refused) == (429, "rate_limit_exceeded")
        await elapse(0.1)
        assert house.calls.live == 1

    await house.visit(tale)


async def test_it_takes_up_no_conversation_of_its_owner(house):
    async def tale(house: SecretHouse) -> None:
        secret = await house.secret()
        await placed(house, house.kitchen, **{"Edgevoice-Version": "1"})
        known = house.session.conversation
        claim = {"Edgevoice-Conversation": f"{known.id}@item_1;digest={'0' * 16};items=1"}
        await placed(house, secret, **claim, **{"Edgevoice-Version": "1"})
        assert len(house.calls._conversations) == 1, "nor does it leave one behind"
        (told,) = [e for e in house.carriers[-1].sent if e["type"] == "edgevoice.conversation"]
        assert told["conversation_id"] != known.id

    await house.visit(tale)


async def test_it_has_those_tools_of_the_relay_that_it_was_made_for(house):
    tools = [{"type": "mcp", "server_label": "house"}]
    house.answerer._servers = McpServers(McpConfig((McpServerConfig(name="house"),)))

    async def tale(house: SecretHouse) -> None:
        for bound, answer in ((tools, "session.updated"), ([], "error")):
            await placed(house, await house.secret({"session": {"tools": bound}}))
            update = {"type": "session.update", "session": {"tools": tools}}
            house.carriers[-1].session.on_message(json.dumps(update))
            assert answer in [event["type"] for event in house.carriers[-1].sent]

    await house.visit(tale)
