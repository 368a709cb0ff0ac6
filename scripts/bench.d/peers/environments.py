"""Virtual environments of the peers, made from pinned and hashed lists; none is ours.

They lie beside the checkout's own (`.venv-peers/NAME`), and are made once.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LISTS = Path(__file__).parent / "requirements"
HOME = Path(os.environ.get("EDGEVOICE_PEERS", ROOT / ".venv-peers"))

OLD = "3.11"
"""wyoming-satellite and what it pins have no wheels for anything newer."""


@dataclass(frozen=True)
class Environment:
    name: str
    version: str = ""
    """Of Python; empty: the one that edgevoice runs on."""

    @property
    def python(self) -> Path:
        return HOME / self.name / "bin" / "python"

    def program(self, module: str, *words: str) -> list[str]:
        return [str(self.python), "-m", module, *words]

    @property
    def versions(self) -> dict[str, str]:
        """Of the packages that were asked for, by name."""
        told = subprocess.run(
            [self.python, "-c", _VERSIONS], check=True, capture_output=True, text=True
        ).stdout
        return dict(line.split(" ", 1) for line in told.splitlines())


WYOMING_SATELLITE = Environment("wyoming-satellite", OLD)
WYOMING_OPENWAKEWORD = Environment("wyoming-openwakeword", OLD)
WAKE_WORDS = Environment("wake-words")
TUTORIAL = Environment("tutorial")
ALL = (WYOMING_SATELLITE, WYOMING_OPENWAKEWORD, WAKE_WORDS, TUTORIAL)

_VERSIONS = """
import importlib.metadata as m, platform
print("Python", platform.python_version())
for d in m.distributions():
    print(d.name, d.version)
"""


class Missing(Exception):
    """A peer cannot be had here; says why."""


def prepare(environment: Environment) -> None:
    """Makes it unless its list is what it was made from. Raises Missing."""
    wanted = LISTS / f"{environment.name}.txt"
    mark = HOME / environment.name / "made-from.txt"
    if mark.is_file() and mark.read_bytes() == wanted.read_bytes():
        return
    print(f"bench: making {environment.name} of pinned packages ...", file=sys.stderr)
    interpreter = _interpreter(environment.version)
    shutil.rmtree(HOME / environment.name, ignore_errors=True)
    uv, where = Path(sys.executable).with_name("uv"), HOME / environment.name
    settings = _as_pip_is_set_up(interpreter)
    _run([str(uv), "venv", "--quiet", "--python", interpreter, str(where)], settings)
    # --no-deps: the list is complete, and openwakeword asks for a package without wheels.
    _run([str(uv), "pip", "install", "--quiet", "--no-deps", "--require-hashes",
          "--python", str(environment.python), "-r", str(wanted)], settings)  # fmt: skip
    shutil.copyfile(wanted, mark)


def _interpreter(version: str) -> str:
    if not version:
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for candidate in (
        f"python{version}",
        *(str(place / "bin" / "python") for place in sorted(pyenv.glob(f"{version}.*"))),
    ):
        try:
            told = subprocess.run(
                [candidate, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"],
                capture_output=True,
                text=True,
            )
        except OSError:
            continue
        if told.stdout.strip() == version:
            return candidate
    raise Missing(f"needs Python {version}, which is not installed")


def _as_pip_is_set_up(interpreter: str) -> dict[str, str]:
    """uv does not read pip's configuration; an index that is set for pip is meant for it too."""
    told = subprocess.run(
        [interpreter, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
    )
    settings = dict(os.environ)
    if told.returncode == 0 and told.stdout.strip():
        settings.setdefault("UV_DEFAULT_INDEX", told.stdout.strip())
    if "PIP_CERT" in settings:
        settings.setdefault("SSL_CERT_FILE", settings["PIP_CERT"])
    return settings


def _run(command: list[str], settings: dict[str, str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=settings)
    if done.returncode:
        last = " ".join(done.stderr.split()[-30:]) or "no reason given"
        raise Missing(f"{' '.join(command[1:3])} failed: {last}")
