"""`edgevoice why`: one sentence for the last of each thing that an owner may wonder about."""

import argparse
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from edgevoice.config_file import asked_for
from edgevoice.daemon.control.client import request
from edgevoice.owner.wording import clock, now, plain

KINDS = {
    "wake": "woke",
    "non-wake": "did not wake",
    "stop": "stopped",
    "slow turn": "was slow",
    "refusal": "refused",
    "restart": "restarted",
    "failure": "failed",
}


def main(args: argparse.Namespace) -> int:
    told = request(asked_for(args).config.control.socket, "why")
    print(json.dumps(told) if args.json else "\n".join(lines(told, now())))
    return 0


def lines(told: Mapping[str, Any], today: datetime) -> list[str]:
    shown = [("did not wake", "now", told["deaf"])] if told.get("deaf") else []
    for kind, name in KINDS.items():
        reason = told.get(kind)
        if isinstance(reason, Mapping):
            shown.append((name, clock(reason.get("at"), today), reason.get("sentence", "?")))
    if not shown:
        return ["nothing has happened yet"]
    return [f"{name:<13} {when:<13} {plain(sentence)}" for name, when, sentence in shown]
