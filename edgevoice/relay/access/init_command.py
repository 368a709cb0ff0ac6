"""`edgevoice relay init`: a certificate for a relay at home, and the settings that use it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

FOLDER = "/etc/edgevoice/tls"
SETTINGS = Path("/etc/edgevoice/config.d/20-relay-tls.yaml")
USER = "edgevoice-relay"
"""Of the service; it must be able to read its key."""


def add_init(commands: Commands) -> None:
    init = commands.add_parser(
        "init",
        help="make a private certificate authority, and a certificate for this relay",
        description="Makes a private certificate authority (once) and a certificate for this"
        " relay (anew each time), and lets the relay be reached by other machines with them."
        " Devices pin the authority when they are paired. A running relay reads a new"
        " certificate on `systemctl reload edgevoice-relay`.",
    )
    init.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="NAME",
        help="another name or address of this relay, may be repeated; its own are found",
    )
    init.add_argument("--dir", default=FOLDER, metavar="DIR", help=f"default: {FOLDER}")
    init.add_argument(
        "--print", action="store_true", help="print the settings and write them nowhere"
    )
    init.set_defaults(act=initialise)


def initialise(args: argparse.Namespace) -> int:
    import datetime

    from edgevoice.relay.access.authority import make_certificates, own_names
    from edgevoice.secret_file import hand_over

    names = list(dict.fromkeys([*args.host, *own_names()]))
    folder = Path(args.dir).absolute()
    is_new, paths = make_certificates(folder, names, datetime.datetime.now(datetime.UTC))
    if not hand_over(paths[3], USER):
        print(f"there is no user {USER}: whoever runs the relay must be able to read {paths[3]}")
    print(f"{'made' if is_new else 'kept'} the authority {paths[0]}")
    print(f"made the certificate {paths[2]} for {', '.join(names)}")
    text = settings(paths)
    if args.print:
        print(f"put this into {SETTINGS}:\n\n{text}")
    elif SETTINGS.exists():
        print(f"kept the settings in {SETTINGS}")
    else:
        SETTINGS.parent.mkdir(parents=True, exist_ok=True)
        SETTINGS.write_text(text, encoding="utf-8")
        print(f"wrote the settings to {SETTINGS}")
    print(
        "next: `systemctl restart edgevoice-relay` here, and on each board\n"
        f"      `edgevoice pair https://{names[0]}:8790`"
    )
    return 0


def settings(paths: list[Path]) -> str:
    authority, _, certificate, key = paths
    return (
        "# Written by `edgevoice relay init`.\n"
        "relay:\n"
        "  host: 0.0.0.0\n"
        f"  tls_cert: {certificate}\n"
        f"  tls_key: {key}\n"
        f"  tls_ca: {authority}\n"
    )
