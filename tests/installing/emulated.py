"""arm64 on another processor: every program of a root runs under qemu-user, and nothing is booted.

The kernel is told to start aarch64 programs with qemu while `emulation` lasts. Debian 12's
qemu crashes in onnxruntime, so that of Debian 13 is unpacked beside the roots.
"""

import platform
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from tests.installing.clean_root import MIRROR, OWNER
from tests.systemd.guest import sh

FORMATS = Path("/proc/sys/fs/binfmt_misc")
NAME = "edgevoice-arm64"
MAGIC = (
    r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00",
    r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff",
)
COMMANDS = (
    "git clone /srv/edgevoice.git edgevoice && cd edgevoice",
    "sudo scripts/install --relay none",
    "edgevoice self-test",
    "sudo edgevoice doctor",
    "sudo scripts/install",
)


@contextmanager
def emulation(folder: Path) -> Iterator[None]:
    """`folder` keeps qemu for the next time."""
    if platform.machine() == "aarch64":
        yield
        return
    if not (FORMATS / "register").exists():
        sh("mount", "-t", "binfmt_misc", "binfmt_misc", FORMATS)
    told = f":{NAME}:M::{MAGIC[0]}:{MAGIC[1]}:{qemu(folder)}:OCF"
    forget()
    (FORMATS / "register").write_text(told)
    try:
        yield
    finally:
        forget()


def forget() -> None:
    if (FORMATS / NAME).exists():
        (FORMATS / NAME).write_text("-1")


def qemu(folder: Path) -> Path:
    root = folder / "qemu"
    if not root.exists():
        part = folder / "qemu.part"
        sh("mmdebstrap", "-q", "--variant=extract", "--include=qemu-user", "trixie", part, MIRROR)
        part.rename(root)
    return (root / "usr/bin/qemu-aarch64").resolve()


def emulated_trial(root: Path, out: Path) -> int:
    """What an owner types, as far as it needs no running systemd."""
    failed = []
    with mounted(root), out.open("w", encoding="utf-8") as screen:
        for command in COMMANDS:
            tell(screen, f"$ {command}")
            inside = f"cd; cd edgevoice 2>/dev/null; {command}"
            done = subprocess.run(
                ["chroot", root, "su", "-", OWNER, "-c", inside],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            tell(screen, f"{done.stdout}[status {done.returncode}]\n")
            # There is no sound card, and no running assistant, that the doctor could find well.
            if done.returncode and "doctor" not in command:
                failed.append(command)
        tell(screen, f"failed: {failed}" if failed else "all of it went well")
    return 1 if failed else 0


def tell(screen: TextIO, text: str) -> None:
    print(text, flush=True)
    screen.write(text + "\n")


@contextmanager
def mounted(root: Path) -> Iterator[None]:
    with ExitStack() as undo:
        for kind, name in (("proc", "proc"), ("sysfs", "sys")):
            sh("mount", "-t", kind, kind, root / name)
            undo.callback(sh, "umount", "-l", root / name)
        sh("mount", "--bind", "/dev", root / "dev")
        undo.callback(sh, "umount", "-l", root / "dev")
        yield
