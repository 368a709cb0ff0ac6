"""The relay's HTTP, spoken to over a real socket on this machine, with fake calls behind it."""

import asyncio
import gc
import json
import logging
import weakref

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from edgevoice.config import LimitsConfig, RelayConfig
from edgevoice.errors import LinkError, ModelError, RemoteProtocolError
from edgevoice.log_fields import AddFields
from edgevoice.relay.access.tokens import create
from edgevoice.relay.answerer import Answerer
from edgevoice.relay.app import carry
from edgevoice.relay.calls import Calls
from edgevoice.relay.session import Session
from edgevoice.relay.turns.wake_phrase import WakePhrase
from tests.relay.doors import front_door, ledger
from tests.relay.story import FakeCall, FakeEngine, LoudnessVad
from tests.virtual_time import elapse

CALLS = "/v1/realtime/calls"
OFFER = "v=0\r\n"


class FakeCarrier(FakeCall):
    def __init__(self, session, media_host) -> None:
        super().__init__()
        self.session = session
        self.media_host = media_host

    async def answer(self, offer: str) -> str:
        match offer:
            case "bad":
                raise RemoteProtocolError("the offer cannot be used")
            case "no socket":
                raise LinkError("no media socket")
            case "slow":
                await elapse(0.2)
        return f"answer to {offer}"


class House:
    """A relay's HTTP side with two callers who have tokens."""

    def __init__(self, tokens_file: str, **limits) -> None:
        self.kitchen, self.hall = (create(tokens_file, name) for name in ("kitchen", "hall"))
        config = self.config = RelayConfig(tokens_file=tokens_file, limits=LimitsConfig(**limits))
        self.carriers: list[FakeCarrier] = []
        self.engine, self.ledger = FakeEngine(), ledger()
        self.answerer = Answerer(config, self.engine, LoudnessVad, self._carrier)
        self.calls = Calls(config, self.answerer, carry, lambda live: None, ledger=self.ledger)
        signalling = front_door(config, self.calls)
        self.lobby = signalling.lobby
        self._application = signalling.application
        self.client: TestClient

    def _carrier(self, session, media_host):
        self.carriers.append(FakeCarrier(session, media_host))
        return self.carriers[-1]

    @property
    def session(self) -> Session:
        """The only one."""
        (call,) = self.calls._live.values()
        return call.session

    async def visit(self, tale) -> None:
        async def visitor() -> None:
            async with TestClient(TestServer(self._application())) as self.client:
                await tale(self)

        await self.calls.run(visitor())

    async def call(self, token=None, data=OFFER, path=CALLS, **headers):
        sent = {"Content-Type": "application/sdp"} | headers
        if isinstance(data, aiohttp.MultipartWriter | aiohttp.FormData):
            del sent["Content-Type"]
        sent["Authorization"] = f"Bearer {token or self.kitchen}"
        return await self.client.post(path, data=data, headers=sent)


@pytest.fixture
def house(tmp_path):
    return House(str(tmp_path / "tokens"))


async def refusal(response) -> tuple[int, str]:
    """The status and the code of a refusal in OpenAI's shape."""
    body = await response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "code", "param"}
    assert body["error"]["message"]
    return response.status, body["error"]["code"]


async def test_an_offer_may_come_to_where_it_went_before_there_were_calls(house):
    async def tale(house: House) -> None:
        response = await house.call(path="/v1/realtime?model=gpt-y")
        assert response.status == 201
        assert response.headers["Location"].startswith(CALLS + "/rtc_")
        assert house.session._state.settings.model == "gpt-y"

    await house.visit(tale)


async def test_an_offer_is_answered_with_201_and_the_calls_place(house):
    async def tale(house: House) -> None:
        response = await house.call()
        assert response.status == 201
        assert response.content_type == "application/sdp"
        assert await response.text() == f"answer to {OFFER}"
        assert response.headers["Location"].startswith(CALLS + "/rtc_")
        assert response.headers["Edgevoice-Version"]
        assert house.carriers[0].media_host == "127.0.0.1"

    await house.visit(tale)


async def test_multipart_brings_settings_along(house):
    async def tale(house: House) -> None:
        body = aiohttp.FormData()
        body.add_field("sdp", OFFER, content_type="application/sdp")
        settings = {"type": "realtime", "model": "gpt-x", "instructions": "be brief"}
        body.add_field("session", json.dumps(settings), content_type="application/json")
        response = await house.call(data=body)
        assert response.status == 201
        house.carriers[0].session.on_open()
        session = house.carriers[0].sent[0]["session"]
        assert (session["model"], session["instructions"]) == ("gpt-x", "be brief")

    await house.visit(tale)


async def test_the_model_may_come_in_the_query(house):
    async def tale(house: House) -> None:
        assert (await house.call(path=CALLS + "?model=gpt-y")).status == 201
        house.carriers[0].session.on_open()
        assert house.carriers[0].sent[0]["session"]["model"] == "gpt-y"

    await house.visit(tale)


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer guess", "Basic abc", "\xff"])
async def test_without_a_valid_token_401(house, authorization):
    async def tale(house: House) -> None:
        headers = {"Content-Type": "application/sdp", "Authorization": authorization}
        response = await house.client.post(CALLS, data=OFFER, headers=headers)
        assert await refusal(response) == (401, "invalid_api_key")
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert house.carriers == []

    await house.visit(tale)


@pytest.mark.fault("malformed-sdp")
async def test_an_unusable_offer_is_400_and_leaves_no_call(house):
    async def tale(house: House) -> None:
        assert await refusal(await house.call(data="bad")) == (400, "invalid_offer")
        assert house.calls.live == 0

    await house.visit(tale)


async def test_a_relay_without_media_sockets_is_503(house):
    async def tale(house: House) -> None:
        response = await house.call(data="no socket")
        assert await refusal(response) == (503, "no_media")
        assert int(response.headers["Retry-After"]) > 0

    await house.visit(tale)


async def test_a_model_that_cannot_be_loaded_now_is_503(house):
    """It could at the start; since then something has run out."""

    def broken() -> None:
        raise ModelError("too many open files")

    async def tale(house: House) -> None:
        house.answerer._make_vad = broken
        assert await refusal(await house.call()) == (503, "no_media")

    await house.visit(tale)


async def test_an_offer_that_is_too_large_is_413(house):
    async def tale(house: House) -> None:
        response = await house.call(data="x" * 20_000)
        assert await refusal(response) == (413, "too_large")
        body = aiohttp.FormData()
        body.add_field("sdp", "x" * 20_000, content_type="application/sdp")
        assert await refusal(await house.call(data=body)) == (413, "too_large")

    await house.visit(tale)


async def test_an_offer_of_another_kind_is_415(house):
    async def tale(house: House) -> None:
        response = await house.call(**{"Content-Type": "application/json"})
        assert await refusal(response) == (415, "unsupported_media_type")

    await house.visit(tale)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sdpp", OFFER),
        ("session", "{}"),
        ("session", "{"),
        ("session", '{},"type":"response.cancel"'),
        ("session", '{"audio":{"input":{"turn_detection":{"type":"x"}}}}'),
        ("session", "[" * 60_000),
    ],
    ids=range(6),
)
async def test_a_multipart_body_that_is_wrong_is_400(house, name, value):
    async def tale(house: House) -> None:
        body = aiohttp.FormData()
        if name == "session" and value != "{}":
            body.add_field("sdp", OFFER, content_type="application/sdp")
        body.add_field(name, value, content_type="text/plain")
        response = await house.call(data=body)
        assert (await refusal(response))[0] == 400
        assert house.calls.live == 0

    await house.visit(tale)


async def test_a_multipart_body_that_is_none_is_400(house):
    async def tale(house: House) -> None:
        for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
            response = await house.call(data="--y\r\nrubbish", **{"Content-Type": kind})
            assert (await refusal(response))[0] == 400

    await house.visit(tale)


@pytest.mark.parametrize(
    "part",
    [
        "no colon here",
        "\r\n".join(f"X-{number}: y" for number in range(5000)),
        "X: " + "y" * 80_000,
        "Content-Disposition: form-data\0; name=sdp",
        "Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\nx",
    ],
    ids=["no header", "many", "long", "nul", "nested"],
)
async def test_a_part_that_is_malformed_is_400_and_no_error_of_ours(house, part, caplog):
    async def tale(house: House) -> None:
        body = f"--x\r\n{part}\r\n\r\nv=0\r\n--x--\r\n"
        response = await house.call(
            data=body, **{"Content-Type": "multipart/form-data; boundary=x"}
        )
        assert (await refusal(response))[0] == 400

    await house.visit(tale)
    assert "Traceback" not in caplog.text


async def test_the_wake_phrase_comes_as_a_header(house):
    async def tale(house: House) -> None:
        wake = {"Edgevoice-Wake": "name=alexa;start=0;end=14400", "Edgevoice-Version": "1"}
        assert (await house.call(**wake)).status == 201
        terms = house.session._terms
        assert terms.wake == WakePhrase("alexa", 0, 14400)
        assert terms.extensions
        broken = {"Edgevoice-Wake": "alexa"}
        assert await refusal(await house.call(**broken)) == (400, "invalid_value")

    await house.visit(tale)


async def test_hanging_up_is_for_the_caller_only(house):
    async def tale(house: House) -> None:
        place = (await house.call()).headers["Location"] + "/hangup"
        assert await refusal(await house.call(house.hall, path=place)) == (403, "forbidden")
        assert house.calls.live == 1
        assert (await house.call(path=place)).status == 200
        await house.carriers[0].run()
        missing = await house.call(path=CALLS + "/rtc_0/hangup")
        assert await refusal(missing) == (404, "not_found")

    await house.visit(tale)


async def test_a_second_call_of_a_token_replaces_the_first(house, caplog):
    caplog.set_level(logging.INFO, "edgevoice.relay.audit")

    async def tale(house: House) -> None:
        await house.call()
        await house.call()
        await house.carriers[0].run()
        await house.call(house.hall)
        assert [carrier._closed.is_set() for carrier in house.carriers] == [True, False, False]

    await house.visit(tale)
    assert "replaced by a newer call" in caplog.text


async def test_a_call_that_overtakes_another_replaces_it_too(house):
    async def tale(house: House) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(house.call(data="slow"))
            while not house.carriers:
                await elapse(0.001)
            assert (await house.call()).status == 201
        await asyncio.wait_for(house.carriers[0].run(), 5)
        assert not house.carriers[1]._closed.is_set()

    await house.visit(tale)


async def test_what_a_call_held_is_released_soon_after_it(house):
    """Not when Python thinks that it may be worth it: 700 calls were 3 GB by then."""
    released = asyncio.Event()

    async def tale(house: House) -> None:
        place = (await house.call()).headers["Location"]
        house.carriers.clear()
        weakref.finalize(house.session, released.set)
        await house.call(path=place + "/hangup")
        await asyncio.wait_for(released.wait(), 10)

    gc.disable()
    try:
        await house.visit(tale)
    finally:
        gc.enable()


@pytest.mark.fault("wake-storm")
async def test_too_many_calls_a_minute_are_429(tmp_path):
    async def tale(house: House) -> None:
        assert (await house.call()).status == 201
        response = await house.call()
        assert await refusal(response) == (429, "rate_limit_exceeded")
        assert 1 <= int(response.headers["Retry-After"]) <= 60

    await House(str(tmp_path / "tokens"), starts_per_minute=1).visit(tale)


@pytest.mark.fault("relay-full")
async def test_a_full_relay_is_503(tmp_path, measured):
    async def tale(house: House) -> None:
        assert (await house.call()).status == 201
        for _ in range(5):
            assert await refusal(await house.call(house.hall)) == (503, "overloaded")
        assert house.calls.live == 1
        measured("503 `overloaded` for the second of one, five times; the first goes on")

    await House(str(tmp_path / "tokens"), sessions=1).visit(tale)


async def test_browsers_are_let_in(house):
    async def tale(house: House) -> None:
        asked = {
            "Origin": "http://localhost",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type, x-openai-agents-sdk",
        }
        response = await house.client.options(CALLS, headers=asked)
        assert response.status == 204
        assert "x-openai-agents-sdk" in response.headers["Access-Control-Allow-Headers"]
        response = await house.call()
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Location" in response.headers["Access-Control-Expose-Headers"]

    await house.visit(tale)


async def test_other_places_are_404_and_other_methods_405_in_the_same_shape(house):
    async def tale(house: House) -> None:
        assert (await refusal(await house.client.get("/admin")))[0] == 404
        assert (await refusal(await house.client.get(CALLS)))[0] == 405

    await house.visit(tale)


async def test_health_needs_no_token_and_tells_nothing_private(house):
    async def tale(house: House) -> None:
        await house.call()
        response = await house.client.get("/healthz")
        assert await response.json() == {"status": "ok", "sessions": 1}
        assert (await house.client.head("/healthz")).status == 200

    await house.visit(tale)


async def test_the_audit_log_says_who_and_how_long_and_never_the_token(house, caplog):
    caplog.set_level(logging.DEBUG)

    async def tale(house: House) -> None:
        await house.call()

    await house.visit(tale)
    lines = [record.getMessage() for record in caplog.records if "audit" in record.name]
    assert len(lines) == 2
    assert "caller=kitchen" in lines[0]
    assert "reason=the relay is stopping" in lines[1]
    assert house.kitchen not in caplog.text


async def test_a_bug_ends_its_own_session_only_and_is_logged(house, caplog):
    async def tale(house: House) -> None:
        await house.call()
        await house.call(house.hall)
        broken, whole = house.carriers
        broken.session.on_open()
        whole.session.on_open()
        house.answerer._engine.answers = [[None]]  # no engine may yield this
        broken.session.on_message('{"type":"response.create"}')
        await broken.run()
        await asyncio.sleep(0.1)
        whole.session.on_message('{"type":"session.update","session":{"type":"realtime"}}')
        assert whole.sent[-1]["type"] == "session.updated"
        assert broken._closed.is_set()

    await house.visit(tale)
    assert "a session ended by a bug" in caplog.text


SAID = {
    "type": "conversation.item.create",
    "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi."}]},
}


class TestConversations:
    """Taken up again by whoever knows them and has the same token."""

    OURS = {"Edgevoice-Version": "1"}  # noqa: RUF012

    async def talked(self, house: House, **headers: str) -> str:
        """A session in which one thing was said; what its device would claim afterwards."""
        response = await house.call(**self.OURS, **headers)
        leg, session = house.carriers[-1].session, house.session
        leg.on_open()
        leg.on_message(json.dumps(SAID))
        await house.client.post(
            response.headers["Location"] + "/hangup",
            headers={"Authorization": f"Bearer {house.kitchen}"},
        )
        await elapse(0.1)
        known = session.conversation
        last = known.last_item_id
        return f"{known.id}@{last};digest={known.digest()};items={known.count()}"

    async def greeted(self, house: House, claim: str, token: str = "", **headers: str) -> dict:
        """What the next session says after `session.created`."""
        headers = {"Edgevoice-Conversation": claim} | (headers or self.OURS)
        assert (await house.call(token or house.kitchen, **headers)).status == 201
        house.carriers[-1].session.on_open()
        return house.carriers[-1].sent[1] if len(house.carriers[-1].sent) > 1 else {}

    async def test_the_next_call_goes_on_with_it(self, house):
        async def tale(house: House) -> None:
            claim = await self.talked(house)
            held = await self.greeted(house, claim)
            assert claim.startswith(f"{held['conversation_id']}@{held['last_item_id']};")
            assert held["digest"] in claim

        await house.visit(tale)

    async def test_with_another_token_it_is_as_if_it_had_never_been(self, house):
        async def tale(house: House) -> None:
            held = await self.greeted(house, await self.talked(house), house.hall)
            assert set(held) == {"type", "event_id", "conversation_id"}

        await house.visit(tale)

    async def test_a_client_without_extensions_is_not_asked(self, house):
        async def tale(house: House) -> None:
            claim = await self.talked(house)
            assert await self.greeted(house, claim, Unknown="1") == {}
            assert await self.greeted(house, "nonsense", Unknown="1") == {}

        await house.visit(tale)

    async def test_after_an_hour_it_is_forgotten_without_anybody_asking(self, house):
        async def tale(house: House) -> None:
            claim = await self.talked(house)
            await elapse(3_590)
            assert len(house.calls._conversations) == 1
            await elapse(20)
            assert len(house.calls._conversations) == 0
            assert "last_item_id" not in await self.greeted(house, claim)

        await house.visit(tale)

    async def test_a_call_that_is_refused_leaves_it_where_it_was(self, house):
        async def tale(house: House) -> None:
            claim = await self.talked(house)
            headers = self.OURS | {"Edgevoice-Conversation": claim}
            assert (await house.call(data="bad", **headers)).status == 400
            assert "last_item_id" in await self.greeted(house, claim)

        await house.visit(tale)

    async def test_a_claim_that_is_none_is_400(self, house):
        async def tale(house: House) -> None:
            headers = self.OURS | {"Edgevoice-Conversation": "conv_1@item_1"}
            response = await house.call(**headers)
            assert await refusal(response) == (400, "invalid_value")
            assert not house.carriers

        await house.visit(tale)


async def test_every_line_of_a_session_says_whose_it_is(house, caplog):
    caplog.set_level(logging.INFO, "edgevoice")
    caplog.handler.addFilter(AddFields())

    async def tale(house: House) -> None:
        await house.call()
        house.carriers[0].session.on_open()
        await house.carriers[0].close()
        await elapse(1)

    await house.visit(tale)
    mine = [record for record in caplog.records if record.name == "edgevoice.relay.audit"]
    assert [record.event for record in mine] == ["session.began", "session.ended"]
    assert {record.device for record in mine} == {"kitchen"}
    assert len({record.session for record in mine}) == 1
