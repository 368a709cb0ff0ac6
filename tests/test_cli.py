"""Words on the command line become calls, errors become exit codes."""

import json
import os
import socketserver
import subprocess
import sys
import tempfile
import threading
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice import __version__
from edgevoice.cli import main, perform
from edgevoice.config_docs import sample
from edgevoice.errors import ConfigError, LinkError, WavError
from edgevoice.relay.access.tokens import Tokens
from edgevoice.simulator.scenario import PACKAGED


def file(folder: Path, text: str) -> str:
    path = folder / "config.yaml"
    path.write_text(text)
    return str(path)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edgevoice", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_correct_configuration_is_said_to_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path, "turn: {idle_s: 3}\n")
    assert main(["config", "check", "--config", path]) == 0
    assert capsys.readouterr().out == f"no mistakes in {path}\n"


def test_every_mistake_is_a_line_on_stderr_and_the_status_is_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path, "turn: {idle: 3}\nlog_level: loud\n")
    assert main(["config", "check", "--config", path]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert [line[: len("edgevoice: ")] for line in said.err.splitlines()] == ["edgevoice: "] * 2


@pytest.mark.parametrize("command", [["run"], ["relay"], ["status"], ["relay", "token", "x"]])
def test_no_program_starts_with_a_wrong_configuration(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--set", "turn.idle_s=never"]) == 2
    assert "turn.idle_s: must be a number" in capsys.readouterr().err


def test_show_applies_files_and_overrides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path, "turn: {idle_s: 3, session_s: 9}\n")
    assert main(["config", "show", "-c", path, "--set", "turn.session_s=8"]) == 0
    shown = capsys.readouterr().out
    assert f"idle_s: 3.0  # {path}:1" in shown
    assert "session_s: 8.0  # --set turn.session_s" in shown


def test_the_sample_and_the_schema_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "sample"]) == 0
    assert capsys.readouterr().out == sample()
    assert main(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "edgevoice configuration"


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"edgevoice {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["relay", "--set", "relay.tokens_file={}", "token", "kitchen"],
        ["relay", "token", "kitchen", "--set", "relay.tokens_file={}"],
    ],
)
def test_a_token_is_printed_once_and_admits(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "tokens")
    assert main([word.format(path) for word in words]) == 0
    token = capsys.readouterr().out.strip()
    assert token not in Path(path).read_text()
    tokens = Tokens(path)
    tokens.load()
    assert tokens.name_of(token) == "kitchen"


def test_a_revoked_token_no_longer_admits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tokens"
    words = ["relay", "token", "kitchen", "--set", f"relay.tokens_file={path}"]
    assert main(words) == 0
    token = capsys.readouterr().out.strip()
    assert main([*words, "--revoke"]) == 0
    assert Tokens(str(path)).name_of(token) is None


def test_a_refused_command_is_one_line_and_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["relay", "token", "no spaces please", "--set", f"relay.tokens_file={tmp_path}/t"]
    assert main(words) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith('edgevoice: "no spaces please" is no token name')


class Daemon(socketserver.ThreadingUnixStreamServer):
    """Answers on a control socket what the real one would."""

    daemon_threads = True

    class RequestHandlerClass(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked = json.loads(self.rfile.readline())["command"]
            refusal = {"ok": False, "error": "already muted"}
            answer = refusal if asked == "mute" else {"ok": True, "state": "idle", "heard": asked}
            self.wfile.write(json.dumps(answer).encode() + b"\n")


@pytest.fixture
def control_socket() -> Iterator[str]:
    # Not in tmp_path: a Unix socket's path may not be longer than 107 bytes.
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/control.sock"
        with Daemon(path, Daemon.RequestHandlerClass) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            yield path
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("command", ["wake", "unmute", "stop"])
def test_a_control_command_reaches_the_daemon(
    command: str, control_socket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--set", f"control.socket={control_socket}"]) == 0
    assert capsys.readouterr().out == f"state: idle\nheard: {command}\n"


def test_a_control_command_can_answer_in_json(
    control_socket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--json", "--set", f"control.socket={control_socket}"]) == 0
    assert json.loads(capsys.readouterr().out) == {"state": "idle", "heard": "status"}


def test_a_refusal_of_the_daemon_is_told(
    control_socket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mute", "--set", f"control.socket={control_socket}"]) == 1
    assert capsys.readouterr().err == "edgevoice: already muted\n"


def test_without_a_daemon_the_owner_is_told_how_to_start_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--set", f"control.socket={tmp_path}/none"]) == 1
    assert "systemctl start edgevoice" in capsys.readouterr().err


def test_a_word_that_is_no_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        main(["sing"])
    assert exit.value.code == 2
    assert "invalid choice: 'sing'" in capsys.readouterr().err


# Each costs 40 to 400 ms on a laptop and ten times that on a small board.
HEAVY = {"aiohttp", "aiortc", "asyncio", "av", "msgspec", "numpy", "onnxruntime", "yaml"}


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["version"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    listing = (
        "import sys, edgevoice.cli as c\ntry: c.main(sys.argv[1:])\nfinally: print(*sys.modules)"
    )
    command = [sys.executable, "-c", listing, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    imported = set(done.stdout.splitlines()[-1].split())
    assert "argparse" in imported
    assert not imported & HEAVY


def test_status_imports_no_audio_and_no_webrtc() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            "-m",
            "edgevoice",
            "status",
            "--set",
            "control.socket=/n",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "edgevoice.daemon.control.client" in imported
    assert not imported & (HEAVY - {"yaml"})


def test_python_dash_m_is_the_command() -> None:
    assert run("version").stdout == f"edgevoice {__version__}\n"
    assert run("config", "check", "--set", "x=1").returncode == 2


def test_a_reader_that_leaves_early_gets_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        done = subprocess.run(
            [sys.executable, "-m", "edgevoice", "config", "sample"],
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b""


def test_help_names_the_scenarios_that_ship(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["simulate", "--help"])
    said = capsys.readouterr().out
    assert all(f"\n  {path.stem}\n    " in said for path in PACKAGED.glob("*.yaml"))


# In processes of their own: the simulator sets up logs and signals.
@pytest.mark.slow
def test_a_scenario_that_is_wrong_has_the_status_of_a_wrong_configuration(tmp_path: Path) -> None:
    done = run("simulate", file(tmp_path, "steps: []\n"))
    assert done.returncode == 2
    assert "at least one step" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("out", "reason"), [("taken", "File exists"), ("taken/x", "Not a dir")])
def test_a_folder_that_cannot_be_written_is_one_line(out: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    done = run("simulate", "mute", "--out", f"{tmp_path}/{out}")
    assert done.returncode == 1
    assert done.stderr.startswith(f"edgevoice: {tmp_path}/taken") and reason in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["version"], ["config", "sample"]])  # less, more than a buffer
def test_a_full_disk_is_one_line(words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "edgevoice", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "edgevoice: No space left on device\n")


def performed(error: Exception) -> int:
    def act(args: Namespace) -> int:
        raise error

    return perform(act, Namespace())


def test_errors_of_tasks_are_told_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    inner = ExceptionGroup("tasks", [WavError("no sound"), ConfigError("no port")])
    assert performed(ExceptionGroup("tasks", [LinkError("no relay"), inner])) == 2
    assert capsys.readouterr().err.splitlines() == [
        "edgevoice: no relay",
        "edgevoice: no sound",
        "edgevoice: no port",
    ]


def test_a_bug_among_errors_keeps_its_traceback() -> None:
    with pytest.raises(ExceptionGroup):
        performed(ExceptionGroup("tasks", [LinkError("no relay"), KeyError("bug")]))


def test_nobody_has_to_read_what_it_says() -> None:
    command = f"exec {sys.executable} -m edgevoice version >&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
