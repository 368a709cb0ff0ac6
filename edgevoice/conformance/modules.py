"""OpenAI's JavaScript packages: which versions, and the folder they are installed in."""

import shutil
import subprocess
import sys
from pathlib import Path

from edgevoice.errors import CheckSkipped, ConfigError

SCRIPTS = Path(__file__).with_name("node")
LISTS = ("package.json", "package-lock.json")


def default_directory() -> Path:
    """Where `scripts/setup --dev` installs them: with the Python packages, of the same owner."""
    return Path(sys.prefix) / "share" / "edgevoice" / "conformance"


def install(directory: Path) -> None:
    """The locked versions, checksums compared. ConfigError when npm is missing or fails."""
    npm = shutil.which("npm")
    if npm is None:
        raise ConfigError("npm is not installed; on Debian: apt-get install nodejs npm")
    directory.mkdir(parents=True, exist_ok=True)
    for name in LISTS:
        shutil.copyfile(SCRIPTS / name, directory / name)
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=directory, check=False
    )
    if done.returncode:
        raise ConfigError(f"npm ci failed in {directory} (status {done.returncode}), see above")


def installed(directory: Path) -> Path:
    """The folder node_modules; CheckSkipped when it is not there."""
    modules = directory / "node_modules"
    if not (modules / "@openai" / "agents-realtime").is_dir():
        raise CheckSkipped(
            f"OpenAI's JavaScript packages are not in {directory}:"
            " edgevoice conformance --install puts them there"
        )
    return modules


def program(package: str, *names: str) -> str:
    """The first of these that is there; CheckSkipped when the package is not installed."""
    for name in names:
        if found := shutil.which(name):
            return found
    raise CheckSkipped(f"{names[0]} is not installed; on Debian: apt-get install {package}")
