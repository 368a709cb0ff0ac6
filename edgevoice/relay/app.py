"""The relay: started in order, stopped in reverse. `edgevoice relay` begins here."""

import asyncio
import logging
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from aiohttp import web

from edgevoice import __version__
from edgevoice.audio.vad import SileroVad, Vad, WebRtcVad
from edgevoice.config import Config, RelayConfig
from edgevoice.errors import ConfigError, LinkError
from edgevoice.hardware.system.allocator import Allocator
from edgevoice.hardware.system.service_manager import ServiceManager, failing_aloud
from edgevoice.identity.pairing_code import authority_sha256
from edgevoice.neighbours.neighbour import supervised
from edgevoice.relay import board_card
from edgevoice.relay.access.callers import Callers
from edgevoice.relay.access.client_secrets import ClientSecrets
from edgevoice.relay.access.ledger import Ledger
from edgevoice.relay.access.oversight import Oversight
from edgevoice.relay.access.own_secrets import OwnSecrets
from edgevoice.relay.access.pairing import Pairings
from edgevoice.relay.access.pairing_pages import PairingPages
from edgevoice.relay.access.tls import renew, tls_context
from edgevoice.relay.access.tokens import Tokens
from edgevoice.relay.announcing.notices import Notices
from edgevoice.relay.announcing.pages import AnnouncementPages
from edgevoice.relay.announcing.speech import SpeechPages
from edgevoice.relay.answerer import Answerer
from edgevoice.relay.calls import Calls
from edgevoice.relay.carrying.carrier import WebRtcCarrier
from edgevoice.relay.engines.engine import Engine
from edgevoice.relay.http import lobby
from edgevoice.relay.http.probes import Probes
from edgevoice.relay.http.signalling import Signalling
from edgevoice.relay.ids import random_id
from edgevoice.relay.live_session import LiveSession
from edgevoice.relay.mcp.servers import McpServers
from edgevoice.relay.monitoring.admission import Admission, read_token
from edgevoice.relay.monitoring.monitoring import Monitoring
from edgevoice.relay.monitoring.session_failures import SessionFailures
from edgevoice.relay.monitoring.session_watch import BUG
from edgevoice.relay.openai.server import Server
from edgevoice.relay.openai.upstream import Upstream, make_upstream
from edgevoice.relay.reloading import Reloading
from edgevoice.relay.store.memory import MemoryStore
from edgevoice.relay.store.place import folder, make_store
from edgevoice.relay.store.store import Store
from edgevoice.relay.turns.turn_judge import TurnJudge
from edgevoice.webrtc.hardening import harden

log = logging.getLogger(__name__)

LOADING_S, EXTENSION_S = 600.0, 10.0
"""How long an engine may load its models, and how often the service manager is told of it."""

DRAIN_S = 2.0
"""From SIGTERM to the end, goodbyes included; the unit allows ten."""


def main(config: Config, reread: Callable[[], Config]) -> int:
    """Run until told to stop. Raises EdgeVoiceError when it cannot start."""
    harden()
    service = ServiceManager()
    with failing_aloud(service):
        asyncio.run(_main(config, reread, service))
    return 0


async def _main(config: Config, reread: Callable[[], Config], service: ServiceManager) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    its = config.relay
    relay = Relay(its, make_engine(its), partial(make_vad, its), service)
    reloading = Reloading(config, reread, relay.take_up, service)
    loop.add_signal_handler(signal.SIGHUP, reloading.ask)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(reloading.run())
        await relay.run(stop, announce)
        waiting.cancel()


def announce(url: str) -> None:
    """The line that whoever started us waits for."""
    log.info("listening on %s", url)
    sys.stdout.write(f"edgevoice relay ready on {url}\n")
    sys.stdout.flush()


def make_engine(config: RelayConfig) -> Engine:
    """The engine of the configured name; each is imported only when it is wanted."""
    return _ENGINES[config.engine](config)


def _local(config: RelayConfig) -> Engine:
    from edgevoice.relay.engines.local.engine import LocalEngine

    return LocalEngine(config.local, config.models_dir, local_time)


def _parrot(config: RelayConfig) -> Engine:
    from edgevoice.relay.engines.parrot import Parrot

    return Parrot()


def _stand_in(config: RelayConfig) -> Engine:
    """What answers while the server behind the relay cannot; nobody asks the parrot."""
    return _parrot(config) if config.upstream.fallback == "none" else _local(config)


_ENGINES: dict[str, Callable[[RelayConfig], Engine]] = {
    "local": _local,
    "parrot": _parrot,
    "openai": _stand_in,
}


def make_server(config: RelayConfig, upstream: Upstream | None) -> Server | None:
    """The one behind this relay, if it is to answer. ConfigError where it has no key."""
    if config.engine != "openai":
        return None
    if upstream is None:
        raise ConfigError(
            "relay.engine is openai, but there is no key for it: write the API key into a file of"
            " mode 0600 and name that in relay.upstream.key_file"
        )
    return Server(config.upstream, upstream)


def wall_clock() -> float:
    """Seconds since 1970: what outlives the program is dated by it."""
    return datetime.now(UTC).timestamp()


def local_time() -> datetime:
    """The wall clock, for engines that are asked what time it is."""
    return datetime.now(UTC).astimezone()


def make_vad(config: RelayConfig) -> Vad:
    if config.detection.vad == "silero":
        return SileroVad(config.models_dir)
    return WebRtcVad()


class Relay:
    def __init__(
        self,
        config: RelayConfig,
        engine: Engine,
        make_vad: Callable[[], Vad],
        service: ServiceManager,
    ) -> None:
        self._config = config
        self._engine = engine
        self._make_vad = make_vad
        self._service = service
        self._judge = TurnJudge(config.models_dir)
        self._tokens = Tokens(config.tokens_file)
        self._board_token = ""
        self._tls: ssl.SSLContext | None = None
        self._store = make_store(config)
        self._callers = Callers(
            self._tokens, self._store, wall_clock, behind_proxy=config.behind_proxy
        )
        self._ledger = Ledger(self._store, wall_clock, random_id("relay"))
        self._monitoring = make_monitoring(config)
        self._probes = Probes(config, self._callers)
        self._pairing = make_pairing(config, self._store)
        self._notices = Notices(config.announcements_minutes * 60.0)
        self._upstream = make_upstream(config.upstream)
        self._servers = McpServers(config.mcp)
        self._allocator = Allocator()
        publish = self._monitoring.publish
        self._answerer = answerer = Answerer(
            config,
            engine,
            make_vad,
            partial(WebRtcCarrier, config.limits),
            publish,
            judge=self._judge,
            server=make_server(config, self._upstream),
            servers=self._servers,
        )
        self._calls = Calls(
            config,
            answerer,
            carry,
            self._tell_status,
            publish,
            ledger=self._ledger,
            failed=make_failures(config, self._store).keep,
        )
        self._oversight = Oversight(self._calls, self._callers, self._ledger, self._calls.limits)
        own_secrets = OwnSecrets(config, self._store, wall_clock)
        self._secrets = ClientSecrets(own_secrets, self._upstream, self._calls.count_start)

    async def run(self, stop: asyncio.Event, on_listening: Callable[[str], None]) -> None:
        """Serve until `stop` is set."""
        self._tls = tls = tls_context(self._config)
        if tls is None and board_card.directory():
            self._board_token = board_card.new_token()
            self._tokens.lend(board_card.TOKEN_NAME, self._board_token)
        self._tokens.load(alone=isinstance(self._store, MemoryStore))
        self._servers.check()
        self._make_vad()  # a missing model is found out now, not at the first call
        async with self._store, self._upstream or nullcontext():
            await self._monitoring.remember(self._store)
            log.info("starting the engine %s", self._config.engine)
            self._service.status(f"starting the engine {self._config.engine}")
            async with self._patience():
                await self._engine.start()
            if self._config.engine != "parrot":  # who talks to a parrot needs nobody to judge it
                await self._judge.start()
            self._allocator.settle()
            try:
                await self._serve(tls, stop, on_listening)
                await self._ledger.save()
            finally:
                await self._engine.close()
                await self._judge.close()
                log.info("stopped")

    @asynccontextmanager
    async def _patience(self) -> AsyncIterator[None]:
        """Large models may load for as long as the event loop turns, within `LOADING_S`."""

        async def ask() -> None:
            for _ in range(round(LOADING_S / EXTENSION_S)):
                self._service.extend_start(2 * EXTENSION_S)
                await asyncio.sleep(EXTENSION_S)

        async with asyncio.TaskGroup() as group:
            asking = group.create_task(ask())
            yield
            asking.cancel()

    def take_up(self, config: RelayConfig) -> None:
        """Of one like this one (`reloading.LIVE`). ConfigError: the certificate cannot be used.

        The certificate may be another one under the same name; tokens are read by themselves.
        """
        renew(self._tls, config)
        self._config = config
        self._calls.limits.take_up(config.limits)
        self._answerer.take_up(config)

    async def _serve(
        self, tls: ssl.SSLContext | None, stop: asyncio.Event, on_listening: Callable[[str], None]
    ) -> None:
        signalling = Signalling(
            self._config,
            self._callers,
            self._calls,
            self._secrets,
            self._monitoring,
            pairing=self._pairing,
            others=[
                AnnouncementPages(self._callers, self._notices, self._monitoring.has_token),
                SpeechPages(self._callers, self._engine),
            ],
            probes=self._probes,
        )
        runner = web.AppRunner(
            signalling.application(),
            access_log=None,
            logger=lobby.log,
            auto_decompress=False,  # an offer is 2 kB; what is packed can unpack to anything
            shutdown_timeout=1.0,
        )
        await runner.setup()
        server = runner.server
        assert server is not None
        try:
            url = await self._listen(runner, tls)
            async with asyncio.TaskGroup() as group, board_card.shown(url, self._board_token):
                feeding = group.create_task(self._feed_watchdog())
                measuring = group.create_task(self._monitoring.run())
                overseeing = group.create_task(self._oversight.run())
                probing = group.create_task(self._probes.run())
                equipping = group.create_task(self._servers.run())
                guarding = group.create_task(signalling.lobby.run(lambda: server.connections))
                announcing = group.create_task(self._announce(url))
                trimming = group.create_task(self._allocator.run())
                on_listening(url)
                self._service.ready()
                self._tell_status(0)
                await self._calls_until(stop)
                feeding.cancel()
                measuring.cancel()
                overseeing.cancel()
                guarding.cancel()
                equipping.cancel()
                probing.cancel()
                announcing.cancel()
                trimming.cancel()
        finally:
            await runner.cleanup()

    async def _announce(self, url: str) -> None:
        """In the local network, if the owner wants that; what goes wrong with it is told."""
        if self._config.announced:
            from edgevoice.neighbours.discovery import Advert

            await supervised("mDNS", Advert(url).run)

    async def _calls_until(self, stop: asyncio.Event) -> None:
        """All calls in good order, but no longer than `DRAIN_S` after the stop."""
        try:
            async with asyncio.timeout(None) as patience:
                await self._calls.run(self._stopping(stop, patience))
        except TimeoutError:
            log.warning("some calls did not end within %g s", DRAIN_S)

    async def _stopping(self, stop: asyncio.Event, patience: asyncio.Timeout) -> None:
        await stop.wait()
        log.info("stopping, %d calls are live", self._calls.live)
        self._service.stopping()
        patience.reschedule(asyncio.get_running_loop().time() + DRAIN_S)

    async def _listen(self, runner: web.AppRunner, tls: ssl.SSLContext | None) -> str:
        host, port = self._config.host, self._config.port
        site = web.TCPSite(runner, host, port, ssl_context=tls, reuse_address=True)
        try:
            await site.start()
        except OSError as error:
            # asyncio's own text names the address again; a name that is not found has no errno.
            number = error.errno or 0
            reason = os.strerror(number) if number > 0 else error.strerror
            # No ConfigError: the port may be free again in a moment, so systemd may retry.
            raise LinkError(
                f"cannot listen on {host}, port {port} ({reason});"
                " stop the other program there, or set relay.host and relay.port"
            ) from error
        bound = runner.addresses[0]
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        return f"{'https' if tls else 'http'}://{shown}:{bound[1]}"

    async def _feed_watchdog(self) -> None:
        """From the event loop: while it turns, the relay lives."""
        interval = self._service.watchdog_interval_s
        while interval is not None:
            self._service.watchdog()
            await asyncio.sleep(interval)

    def _tell_status(self, live: int) -> None:
        self._service.status(f"edgevoice {__version__}, {self._config.engine}: {live} calls")


def make_monitoring(config: RelayConfig) -> Monitoring:
    """CredentialError when the admin token cannot be used."""
    token = read_token(config.admin_token_file, os.environ.get("CREDENTIALS_DIRECTORY"))
    admission = Admission(token, config.behind_proxy)
    return Monitoring(__version__, config.engine, admission, lambda: local_time().date())


def make_pairing(config: RelayConfig, store: Store) -> PairingPages | None:
    """None where nobody is to be paired. ConfigError when relay.tls_ca cannot be used."""
    if not config.pairing:
        return None
    try:
        authority = Path(config.tls_ca).read_text("ascii") if config.tls_ca else ""
        authority_sha256(authority)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"relay.tls_ca {config.tls_ca} is no certificate in PEM ({error}); name the"
            " authority's own, which devices pin"
        ) from error
    pairings = Pairings(store, authority)
    return PairingPages(pairings, wall_clock, behind_proxy=config.behind_proxy)


def make_failures(config: RelayConfig, store: Store) -> SessionFailures:
    """Beside the store, where it lasts."""
    keeps = not isinstance(store, MemoryStore)
    return SessionFailures(folder(config) if keeps else None, wall_clock)


async def carry(session: LiveSession) -> str:
    """One session to its end. A bug in it ends this session only, with its traceback logged."""
    try:
        return await session.run()
    except Exception:
        log.exception("a session ended by a bug")
        return BUG
