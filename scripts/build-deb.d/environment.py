"""The virtual environment in /usr/lib/edgevoice: pinned wheels, compiled, no traces of here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PYTHON = "/usr/bin/python3"  # what Debian's packages depend on
HOME = "usr/lib/edgevoice"
EXTRAS = "device,appliance,relay,local"
MODELS = "/var/lib/edgevoice-models"

# What wheels bring for compiling against them, for their authors, or for pip.
NEEDLESS = (
    "*.a", "*.c", "*.h", "*.pxd", "*.pyi", "*.pyx", "*_tests.cpython-*.so",
    "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json", "*.dist-info/uv_*.json",
)  # fmt: skip
NEEDLESS_FOLDERS = ("tests", "include", "datasets")


def make(checkout: Path, root: Path) -> None:
    home = root / HOME
    home.parent.mkdir(parents=True)
    run(PYTHON, "-m", "venv", home)
    install(checkout, home)
    strip(home)
    relocate(home)
    compile_all(root, home)


def run(*words: str | Path, **more: object) -> None:
    done = subprocess.run(words, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"build-deb: {words[0]} failed:\n{done.stdout}{done.stderr}")


def install(checkout: Path, home: Path) -> None:
    """As scripts/setup does it; hashes in the constraints are checked."""
    uv = Path(os.environ.get("EDGEVOICE_VENV", checkout / ".venv")) / "bin/uv"
    if not uv.exists():
        sys.exit("build-deb: no virtual environment to build with; run scripts/setup --dev")
    pins = ["-c", "scripts/constraints.txt", "-b", "scripts/constraints.txt"]
    environ = os.environ | {"UV_LINK_MODE": "copy"} | mirror(checkout)
    run(
        uv, "pip", "install", "--python", home / "bin/python", *pins,
        "--reinstall-package", "edgevoice", f".[{EXTRAS}]", cwd=checkout, env=environ,
    )  # fmt: skip


def mirror(checkout: Path) -> dict[str, str]:
    """uv does not read pip's configuration; an index set for pip is meant for it too."""
    python = checkout / ".venv/bin/python"
    for name in (":env:.index-url", "global.index-url"):
        told = subprocess.run(
            [python, "-m", "pip", "config", "get", name], capture_output=True, text=True
        )
        if told.returncode == 0 and not os.environ.get("UV_DEFAULT_INDEX"):
            return {"UV_DEFAULT_INDEX": told.stdout.strip()}
    return {}


def strip(home: Path) -> None:
    """pip stays: it fetches the models."""
    packages = site_packages(home)
    for pattern in NEEDLESS:
        for path in packages.rglob(pattern):
            path.unlink()
    for name in NEEDLESS_FOLDERS:
        for folder in sorted(packages.rglob(name)):
            if folder.is_dir():
                shutil.rmtree(folder)
    shutil.rmtree(home / "share", ignore_errors=True)
    shutil.rmtree(home / "include", ignore_errors=True)
    (home / ".lock").unlink(missing_ok=True)  # uv's
    for command in (home / "bin").iterdir():
        if not command.name.startswith("python"):
            command.unlink()


def relocate(home: Path) -> None:
    """Where it will lie is not where it was made."""
    there = Path("/") / HOME
    (home / "bin/edgevoice").write_text(
        f"#!{there}/bin/python\nimport sys\n\nfrom edgevoice.cli import main\n\nsys.exit(main())\n"
    )
    (home / "bin/edgevoice").chmod(0o755)
    settings = (home / "pyvenv.cfg").read_text().splitlines()
    kept = [line for line in settings if not line.startswith("command")]
    (home / "pyvenv.cfg").write_text("\n".join(kept) + "\n")
    (home / "share/edgevoice").mkdir(parents=True)
    (home / "share/edgevoice/models").symlink_to(MODELS)
    (home / "bin/python3").unlink()
    (home / "bin/python3").symlink_to("../../../bin/python3")
    for module in site_packages(home).rglob("*.py"):
        without_interpreter(module)
    for path in home.rglob("*"):
        if path.is_symlink():
            continue
        executable = path.is_dir() or path.parent == home / "bin"
        path.chmod(0o755 if executable else 0o644)


def without_interpreter(module: Path) -> None:
    """Modules are not programs; the first line stays a line, for the numbers in tracebacks."""
    text = module.read_bytes()
    if text.startswith(b"#!"):
        module.write_bytes(b"#" + text[text.index(b"\n") :])


def compile_all(root: Path, home: Path) -> None:
    """Checked against nothing at run time, so that their dates do not matter either.

    In one process and in one order: what ends up in a .pyc depends a little on what was
    compiled before it. Some packages carry files for other Pythons, so its status says nothing.
    """
    for cache in home.rglob("__pycache__"):
        shutil.rmtree(cache)
    words = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", "/"]
    environ = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [PYTHON, "-m", "compileall", *words, home / "lib"], stdout=subprocess.DEVNULL, env=environ
    )
    if not list(home.rglob("cli.cpython-*.pyc")):
        sys.exit(f"build-deb: nothing was compiled (status {done.returncode})")


def site_packages(home: Path) -> Path:
    (found,) = (home / "lib").glob("python3.*/site-packages")
    return found
