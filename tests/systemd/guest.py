"""Boots systemd as PID 1 over a throw-away copy of this machine's own root.

The copy is an overlay whose upper layer is memory: nothing that happens in it is
seen outside, and nothing has to be downloaded but what is installed into it.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
TOOLS = ("systemd-nspawn", "nsenter", "unshare", "chroot", "pgrep")
CLONE = "/root/edgevoice"
BOOT_S = 60.0
POWEROFF_S = 20.0


def obstacle() -> str:
    """Why systemd cannot be booted here; empty if it can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "needs root"
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    return f"needs {', '.join(missing)}; scripts/setup --dev installs them" if missing else ""


def sh(*words: str | Path) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"


@contextmanager
def copy_of_root(folder: Path) -> Iterator[Path]:
    """This machine's root, writable in memory."""
    with ExitStack() as undo:
        sh("mount", "-t", "tmpfs", "-o", "size=4g", "tmpfs", folder)
        undo.callback(sh, "umount", "-l", folder)
        for name in ("upper", "work", "root"):
            (folder / name).mkdir()
        root = folder / "root"
        layers = f"lowerdir=/,upperdir={folder}/upper,workdir={folder}/work"
        sh("mount", "-t", "overlay", "overlay", "-o", layers, root)
        undo.callback(sh, "umount", "-l", root)
        start_only_what_is_asked(root)
        yield root


def start_only_what_is_asked(root: Path) -> None:
    units = root / "etc/systemd/system"
    for wants in units.glob("*.wants"):
        shutil.rmtree(wants)
    units.mkdir(parents=True, exist_ok=True)
    (units / "default.target").unlink(missing_ok=True)
    (units / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
    (root / "etc/machine-id").unlink(missing_ok=True)
    (root / "etc/machine-id").touch()


def install(root: Path) -> None:
    """What README.md tells an owner to do, in the copy; nothing starts with it by itself."""
    checkout_into(root / CLONE.lstrip("/"))
    inside = f"""set -e
        mount --bind /dev {root}/dev
        mount -t proc proc {root}/proc
        exec chroot {root} {CLONE}/scripts/install --relay here --yes"""
    # The cache of this machine saves what scripts/setup --dev has fetched already.
    cache = os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache/uv"))
    environ = {k: v for k, v in os.environ.items() if not k.startswith("EDGEVOICE_")}
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", inside],
        capture_output=True,
        text=True,
        env=environ | {"UV_CACHE_DIR": cache},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    start_only_what_is_asked(root)


def checkout_into(folder: Path) -> None:
    """As `git clone` would leave it, and with the models, which take long to make."""
    models = ".venv/share/edgevoice/models"
    left_out = shutil.ignore_patterns(".git", ".venv*", ".*_cache", "__pycache__", "simulated")
    shutil.copytree(CHECKOUT, folder, ignore=left_out, symlinks=True)
    if (CHECKOUT / models).exists():
        shutil.copytree(CHECKOUT / models, folder / models)


class Guest:
    """A booted copy; commands run inside it as root."""

    def __init__(self, root: Path, group: Path, network: str) -> None:
        self.root = root
        self._group = group
        self._network = "--private-network" if network == "private" else "--resolv-conf=off"

    def boot(self) -> None:
        # nspawn takes the process's own cgroup for the guest; the tests must not be in it.
        inside = (
            f'echo $$ > "{self._group}/cgroup.procs"; exec systemd-nspawn -q -D "{self.root}" -b'
            f" --register=no --keep-unit -M {self._group.name} --console=pipe"
            f" --kill-signal=SIGRTMIN+3 {self._network}"
        )
        environ = os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        console = self.root.parent / "console"
        with console.open("w") as out:
            self._nspawn = subprocess.Popen(
                ["sh", "-c", inside], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environ
            )
        self._leader = _leader(self._nspawn, console)
        self.run("timeout 60 systemctl is-system-running --wait")

    def power_off(self) -> None:
        """What is in memory is gone, what is on the disk is there at the next `boot`."""
        self.run("systemctl poweroff")
        self._nspawn.wait(POWEROFF_S)
        self.sweep()

    def sweep(self) -> None:
        """Whatever became of it: nothing of it runs, and nothing is left of its cgroup."""
        if self._nspawn.poll() is None:
            self._nspawn.kill()
            self._nspawn.wait()
        for folder in sorted(self._group.glob("*/**/"), reverse=True):
            folder.rmdir()

    def run(self, command: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        inside = [
            "nsenter",
            "-t",
            str(self._leader),
            "-m",
            "-u",
            "-i",
            "-n",
            "-p",
            "-C",
            "-r",
            "-w",
        ]
        clean = ["--", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c", command]
        return subprocess.run(
            inside + clean, capture_output=True, text=True, timeout=timeout_s, check=False
        )

    def said(self, command: str) -> str:
        """What a command that has to succeed prints."""
        done = self.run(command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def shown(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.said(f"systemctl show {unit} -p {name} --value")

    def processes_of(self, unit: str) -> list[int]:
        """As this machine counts them, not the guest."""
        return [
            int(process)
            for file in self._group.glob(f"**/{unit}.service/cgroup.procs")
            for process in file.read_text().split()
        ]

    def log_of(self, unit: str) -> str:
        return self.run(f"journalctl -u {unit} -o cat --no-pager").stdout

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch(mode)
        target.chmod(mode)
        target.write_text(text)


@contextmanager
def booted(root: Path, *, network: str = "private") -> Iterator[Guest]:
    """`network`: `private` has loopback only, `host` is that of this machine."""
    # Of two that run at a time; a machine's name may not end in an underscore.
    name = f"edgevoice-{os.getpid()}-{root.parent.name.replace('_', 'x')}"
    hierarchy = Path("/sys/fs/cgroup/unified")
    group = (hierarchy if hierarchy.is_dir() else hierarchy.parent) / name
    group.mkdir()
    guest = Guest(root, group, network)
    try:
        guest.boot()
        yield guest
        guest.power_off()
    finally:
        guest.sweep()
        group.rmdir()


def _leader(nspawn: subprocess.Popen[bytes], console: Path) -> int:
    """The guest's PID 1 as seen from here, once it takes commands."""
    deadline = time.monotonic() + BOOT_S
    while time.monotonic() < deadline and nspawn.poll() is None:
        found = subprocess.run(
            ["pgrep", "-P", str(nspawn.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        if found and Path(f"/proc/{found[0]}/root/run/systemd/private").exists():
            return int(found[0])
        time.sleep(0.05)
    raise AssertionError(f"systemd did not boot: {console.read_text()}")
