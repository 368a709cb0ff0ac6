"""`edgevoice pair`: introduce this board to its relay, once."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgevoice.config import LinkConfig
    from edgevoice.identity.device_key import DeviceKey
    from edgevoice.link.pairing import Introduction
    from edgevoice.neighbours.discovery import FoundRelay

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

SETTINGS = Path("/etc/edgevoice/config.d/30-relay.yaml")
AUTHORITY = "relay-ca.pem"
LOOK_S = 3.0
USER = "edgevoice"
"""Of the service; it must be able to read the key."""


def add_pair(commands: Commands, configured: argparse.ArgumentParser) -> None:
    pair = commands.add_parser(
        "pair",
        parents=[configured],
        help="introduce this board to its relay, by a short code",
        description="Makes the board's own key, where it has none, and introduces it to the relay."
        " A code is shown; the relay's owner types it there: `edgevoice relay devices approve"
        " CODE`. No secret leaves the board.",
    )
    pair.add_argument(
        "url",
        nargs="?",
        metavar="URL",
        help="of the relay (default: link.url, where that is set, or the one relay that answers in"
        " the local network)",
    )
    pair.add_argument("--name", metavar="NAME", help="what the board is called there")
    pair.add_argument(
        "--print", action="store_true", help="print the settings and write them nowhere"
    )
    pair.set_defaults(act=pair_board)


def pair_board(args: argparse.Namespace) -> int:
    import asyncio
    import re
    import socket

    from edgevoice.config_file import asked_for
    from edgevoice.identity import device_key
    from edgevoice.secret_file import hand_over

    read = asked_for(args)
    link = read.config.link
    url = checked(args.url or (link.url if "link.url" in read.places else found_url()))
    name = args.name or re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())[:64] or "board"
    make_folder(Path(link.key_file).parent)
    key = device_key.load_or_create(Path(link.key_file))
    hand_over(Path(link.key_file), USER)
    authority = asyncio.run(_pair(url, name, key, link, read.config.control.socket))
    ca_file = link.ca_file
    if authority:
        ca_file = str(Path(link.key_file).with_name(AUTHORITY))
        keep(Path(ca_file), authority)
    _keep_settings(settings(url, ca_file), to_file=not args.print)
    token_file = Path(link.token_file)
    if token_file.exists():
        print(f"remove {token_file}: while it is there, it is used instead of the board's key")
    print("next: `systemctl restart edgevoice`")
    return 0


def checked(url: str) -> str:
    """ConfigError where it can be nobody's address."""
    from edgevoice.errors import ConfigError
    from edgevoice.link.credential import origin

    try:
        origin(url)
    except ValueError:
        origin_is_web = False
    else:
        origin_is_web = url.startswith(("https://", "http://"))
    if not origin_is_web:
        raise ConfigError(f'"{url}" is no address of a relay, such as https://relay.lan:8790')
    return url


def found_url() -> str:
    """Of the only relay in the local network."""
    import asyncio
    import socket

    from edgevoice.neighbours.discovery import find_relays

    print("looking for a relay in the local network ...", flush=True)
    relay = the_one(asyncio.run(find_relays(LOOK_S)))
    print(f"found {relay.name}")
    try:
        socket.getaddrinfo(relay.name, None)
    except OSError:
        return relay.url_by_address
    return relay.url


def the_one(relays: Sequence[FoundRelay]) -> FoundRelay:
    """LinkAbsent where there is none, or are several."""
    from edgevoice.errors import LinkAbsent

    if not relays:
        raise LinkAbsent(
            "no relay answers in the local network; one does where relay.announced is true."
            " Or say where it is: edgevoice pair URL"
        )
    if len(relays) > 1:
        told = "\n".join(f"    edgevoice pair {relay.url}" for relay in relays)
        raise LinkAbsent(f"several relays answer; say which:\n{told}")
    return relays[0]


async def _pair(url: str, name: str, key: DeviceKey, link: LinkConfig, socket: str) -> str:
    import time

    from edgevoice.link.pairing import approval, introduce
    from edgevoice.owner.lights import shown

    introduced = await introduce(url, name, key, link.ca_file)
    show(introduced)
    async with shown(socket, "pairing"):
        standing = await approval(introduced, time.monotonic, ca_file=link.ca_file)
    print(f"paired: this board is {standing.name} ({standing.device_id}) there")
    return introduced.begun.authority


def show(introduced: Introduction) -> None:
    from edgevoice.identity.pairing_code import shown

    minutes = max(1, round(introduced.lasts_s / 60))
    print(
        f"at the relay ({introduced.origin}), within {minutes} minutes:\n\n"
        f"    edgevoice relay devices approve {shown(introduced.code)}\n\n"
        "waiting; Ctrl-C gives up",
        flush=True,
    )


def settings(url: str, ca_file: str) -> str:
    lines = ["# Written by `edgevoice pair`.", "link:", f"  url: {url}"]
    if ca_file:
        lines.append(f"  ca_file: {ca_file}")
    return "\n".join(lines) + "\n"


def _keep_settings(text: str, *, to_file: bool) -> None:
    if to_file:
        try:
            SETTINGS.parent.mkdir(parents=True, exist_ok=True)
            SETTINGS.write_text(text, encoding="utf-8")
        except OSError as error:
            print(f"cannot write {SETTINGS} ({error.strerror})")
        else:
            print(f"wrote the settings to {SETTINGS}")
            return
    print(f"put this into {SETTINGS}:\n\n{text}")


def make_folder(folder: Path) -> None:
    """Before the service has run for the first time nobody has made it."""
    from edgevoice.secret_file import hand_over

    if folder.exists():
        return
    try:
        folder.mkdir(mode=0o700)
    except OSError:
        return  # the key's own error says what to do
    hand_over(folder, USER)


def keep(path: Path, text: str) -> None:
    """In the service's own folder: a link that lies there is replaced and leads root nowhere."""
    import os

    from edgevoice.secret_file import hand_over

    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    hand_over(fresh, USER)
    fresh.replace(path)
