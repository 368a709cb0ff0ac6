"""Secrets are planted everywhere, and none of them is in the bundle."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from edgevoice.config import (
    Config,
    FallbackConfig,
    LampConfig,
    LinkConfig,
    MqttConfig,
    NeighboursConfig,
    WakeConfig,
    WakeWordConfig,
)
from edgevoice.daemon.diary.bare_settings import bare
from edgevoice.doctor.bundle.command import default_name, offer, packed
from edgevoice.doctor.bundle.contents import numbers, sheets
from edgevoice.errors import DoctorError
from tests.doctor.boards import Assistant, Board

SECRETS = (
    "ev_TopSecretToken_0123456789", "sk-proj-SuperSecret99", "annabella", "Müller", "10.20.30.40",
    "hidden-host", "voice.secret.example", "MyHomeWifi", "b8:27:eb:aa:bb:cc", "eagle lands",
    "grandmother", "dev_abcdefgh234567ab", "broker-user", "nightlight", "0000000012345678",
    "fe80::dead:beef:1:2",
)  # fmt: skip
EVERYTHING = " ".join(SECRETS)

CONFIG = Config(
    link=LinkConfig(
        url="https://voice.secret.example:8790",
        instructions=EVERYTHING,
        fallbacks=(FallbackConfig("https://10.20.30.40", "/home/annabella/ev_token"),),
    ),
    wake=WakeConfig(words=(WakeWordConfig(name="grandmother", instructions=EVERYTHING),)),
    lamps=(LampConfig(name="nightlight"),),
    neighbours=NeighboursConfig(mqtt=MqttConfig("mqtt://hidden-host", "broker-user")),
)


def entry(text: str, logger: str, priority: int = 6, **fields: str) -> str:
    known = {"MESSAGE": text, "LOGGER": logger, "PRIORITY": str(priority), **fields}
    return json.dumps(
        {**known, "__REALTIME_TIMESTAMP": "1700000000000000", "_HOSTNAME": "hidden-host"}
    )


JOURNAL = "\n".join(
    [
        entry(f"listening on {EVERYTHING}", "edgevoice.relay.app"),
        entry(f"call={SECRETS[0]} caller=grandmother begins kind=token address=10.20.30.40",
              "edgevoice.relay.audit", DEVICE="grandmother", EVENT="session.began"),
        entry(f"tokens unchanged: {EVERYTHING}", "edgevoice.relay.access.tokens", 3),
        entry(f"said: {EVERYTHING}", "edgevoice.relay.app", 7),
        entry(f"{EVERYTHING}\nTraceback\n  File \"/home/annabella/x.py\", line 3, in f\n"
              f"    {EVERYTHING}\nValueError: {EVERYTHING}", "edgevoice.daemon.app", 3),
        entry(f"Started {EVERYTHING}", "", 6, MESSAGE_ID="1", JOB_RESULT=EVERYTHING),
    ]
)  # fmt: skip
DMESG = """\
[1.0] usb 1-1: New USB device found, idVendor=2886, idProduct=001a
[1.1] usb 1-1: SerialNumber: 0000000012345678
[1.2] usb 1-1: Product: annabella's phone
[1.3] wlan0: associated with MyHomeWifi b8:27:eb:aa:bb:cc
[1.4] snd_usb_audio: annabella 10.20.30.40 hidden-host dev_abcdefgh234567ab MyHomeWifi
"""
SAYS = {
    "journalctl": JOURNAL,
    "dmesg": DMESG,
    "hostname -A": "hidden-host voice.secret.example\n",
    "iwgetid": "MyHomeWifi\n",
    "systemctl show": f"ActiveState=active\nStatusText={EVERYTHING}\nNRestarts=2\n",
}
REPORT = {
    "ok": False,
    "findings": [
        {"level": "fail", "name": "relay login", "todo": "sudo edgevoice pair https://hidden-host",
         "text": 'voice.secret.example knows this board as "grandmother" (device)'},
        {"level": "fail", "name": "configuration", "todo": "", "text": f'link.x: "{EVERYTHING}"'},
    ],
    "measured": [{"anything": EVERYTHING}],
}  # fmt: skip
TURNS = {
    "turns": [
        {"number": 3, "cause": "grandmother", "outcome": EVERYTHING, "marks": {"wake end": 0.0,
         "grandmother": 1.0}, "samples": {"captured": 5, "eagle lands": 1}},
    ],
    "usual": {"thinking": {"p50_s": 0.3}, "grandmother": {"p50_s": 1.0}},
    "heard": EVERYTHING,
}  # fmt: skip


def board(tmp_path: Path) -> Board:
    made = Board(tmp_path, says=SAYS)
    made.write("etc/hostname", "hidden-host\n")
    made.write("etc/passwd", "annabella:x:1000:1000:Annabella Müller,,,:/home/annabella:/bin/sh\n")
    made.write("etc/NetworkManager/system-connections/MyHomeWifi.nmconnection", "psk=x")
    made.write("etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n')
    for name in ("token", "tokens", "config.yaml"):
        made.write(f"etc/edgevoice/{name}", EVERYTHING)
    for name in ("privacy.log", "flight-record.txt", "context.json", "settings.json"):
        made.write(f"var/lib/edgevoice/{name}", EVERYTHING)
    return made


def unpacked(content: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {
            member.name: archive.extractfile(member).read().decode()  # type: ignore[union-attr]
            for member in archive.getmembers()
        }


def test_nothing_of_it_is_in_the_bundle(tmp_path: Path) -> None:
    made = sheets(board(tmp_path).machine, CONFIG, REPORT, Assistant(None, **{"turns 20": TURNS}))
    content = packed(made, 1.0)
    texts = unpacked(content)
    for secret in SECRETS:
        assert secret.encode() not in content
        for name, text in texts.items():
            assert secret.lower() not in text.lower(), (name, secret)
    for word in ("Annabella", "eagle", "midnight"):
        assert word not in "".join(texts.values())


def test_and_what_helps_is(tmp_path: Path) -> None:
    made = sheets(board(tmp_path).machine, CONFIG, REPORT, Assistant(None, **{"turns 20": TURNS}))
    text = {sheet.name: sheet.text for sheet in made}
    assert "idVendor=2886, idProduct=001a" in text["kernel.txt"]
    assert "listening on" in text["journal-edgevoice.txt"]
    assert json.loads(text["units.json"])["edgevoice"] == {
        "ActiveState": "active",
        "NRestarts": "2",
    }
    assert json.loads(text["versions.json"])["system"] == "Debian GNU/Linux 13 (trixie)"
    assert json.loads(text["settings.json"])["turn"]["no_speech_s"] == 6.0
    assert json.loads(text["settings.json"])["link"]["url"] == "<set>"
    assert json.loads(text["turns.json"]) == {
        "turns": [{"number": 3, "marks": {"wake end": 0.0}, "samples": {"captured": 5}}],
        "usual": {"thinking": {"p50_s": 0.3}},
    }


def test_where_nothing_can_be_asked_there_is_little(tmp_path: Path) -> None:
    made = sheets(Board(tmp_path).machine, None, {"ok": True, "findings": []}, Assistant(None))
    assert {sheet.name for sheet in made} == {
        "doctor.json",
        "versions.json",
        "units.json",
        "board.json",
    }


def test_every_setting_is_there_and_no_text_of_anybodys() -> None:
    shown = json.dumps(bare(CONFIG))
    assert "grandmother" not in shown and '"threshold": 0.5' in shown
    assert bare(Config())["link"]["transport"] == "auto"


@pytest.mark.parametrize("value", ["words", None, {"heard": 1}, {"number": "x"}])
def test_only_numbers_under_names_of_ours(value: Any) -> None:
    assert not numbers(value)


def told(answers: list[str], path: Path, yes: bool = False) -> list[str]:
    said: list[str] = []
    sheet = sheets(Board(path.parent / "b").machine, None, {"findings": []}, Assistant(None))
    offer(sheet, path, 1.0, yes=yes, say=said.append, answer=lambda question: answers.pop(0))
    return said


def test_it_is_shown_before_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    assert told([""], path)[-1] == "nothing was written"
    assert not path.exists()
    said = told(["p", "y"], path)
    assert "doctor.json" in said[1] and '"findings": []' in "".join(said)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(DoctorError, match="is there already"):
        told([], path, yes=True)


def test_its_name_says_when() -> None:
    assert default_name(1_796_000_000.0) == "edgevoice-bundle-20261130-005320.tar.gz"
