"""`edgevoice relay announce`: have devices say something, by way of the running relay."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl

    from edgevoice.config import RelayConfig

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

ANSWER_S = 5.0


def add_announce(commands: Commands, configured: argparse.ArgumentParser) -> None:
    command = commands.add_parser(
        "announce",
        parents=[configured],
        help="have a device, or all of them, say something",
        description="A device that listens for announcements (`announcements.listen`) says it at"
        " once, others with their next conversation, if that comes before"
        " `relay.announcements_minutes` have passed. Needs `relay.admin_token_file`.",
    )
    command.add_argument("device", metavar="DEVICE", help="its name, or all")
    command.add_argument("text", nargs="+", metavar="TEXT", help="what to say, up to 500 letters")
    command.add_argument("--urgent", action="store_true", help="also in quiet hours")
    command.set_defaults(act=announce)


def announce(args: argparse.Namespace) -> int:
    import asyncio
    import os

    from edgevoice.config_file import asked_for
    from edgevoice.errors import CredentialError
    from edgevoice.relay.monitoring.admission import read_token

    config = asked_for(args).config.relay
    token = read_token(config.admin_token_file, os.environ.get("CREDENTIALS_DIRECTORY"))
    if not token:
        raise CredentialError(
            "announcing needs the admin token: write `openssl rand -hex 32` into a file of mode"
            " 0600, name it in relay.admin_token_file, and restart the relay"
        )
    wanted = {"device": args.device, "text": " ".join(args.text), "urgent": args.urgent}
    answer = asyncio.run(_post(config, token, wanted))
    held = f"; others hear it within {config.announcements_minutes:g} minutes, if they talk to us"
    print(f"said on {answer['listening']} that listen{held}")
    return 0


async def _post(config: RelayConfig, token: str, wanted: dict[str, Any]) -> dict[str, Any]:
    import aiohttp

    from edgevoice.errors import LinkError
    from edgevoice.relay.announcing.pages import PATH

    url = f"{'https' if config.tls_cert else 'http'}://{_host(config.host)}:{config.port}{PATH}"
    timeout = aiohttp.ClientTimeout(total=ANSWER_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.post(
                url,
                json=wanted,
                headers={"Authorization": f"Bearer {token}"},
                ssl=_trust(config) or True,
            ) as response,
        ):
            said: dict[str, Any] = await response.json()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise LinkError(f"no relay answers at {url} ({error}): is it running?") from error
    if response.status != 202:
        raise LinkError(str(said.get("error", {}).get("message", f"refused: {response.status}")))
    return said


def _host(host: str) -> str:
    """Where a relay that listens everywhere is found on its own machine."""
    near = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)
    return f"[{near}]" if ":" in near and not near.startswith("[") else near


def _trust(config: RelayConfig) -> ssl.SSLContext | None:
    """The relay's own certificate, whatever name is in it: it is on this machine."""
    import ssl

    if not config.tls_cert:
        return None
    context = ssl.create_default_context(cafile=config.tls_ca or config.tls_cert)
    context.check_hostname = False
    return context
