"""What lies around the virtual environment: units, users, device rules, documents, manual."""

import gzip
import os
import re
import subprocess
import sys
from email.utils import formatdate
from pathlib import Path

import licences
from environment import HOME, PYTHON, run, site_packages

DOC = "usr/share/doc/edgevoice"
# As Debian's own tools know who builds.
MAINTAINER = (
    f"{os.environ.get('DEBFULLNAME', 'edgevoice maintainers')}"
    f" <{os.environ.get('DEBEMAIL', 'edgevoice@localhost')}>"
)
# From the folder systemd/, where there is such a file.
SHIPPED = {
    "edgevoice.service": "usr/lib/systemd/system/edgevoice.service",
    "edgevoice-relay.service": "usr/lib/systemd/system/edgevoice-relay.service",
    "edgevoice.sysusers.conf": "usr/lib/sysusers.d/edgevoice.conf",
    "edgevoice.tmpfiles.conf": "usr/lib/tmpfiles.d/edgevoice.conf",
    "edgevoice.udev.rules": "usr/lib/udev/rules.d/70-edgevoice.rules",
}
SET_UP = ("asking", "machine", "services", "relay", "board", "finishing")
COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/edgevoice",
    "zsh": "usr/share/zsh/vendor-completions/_edgevoice",
    "fish": "usr/share/fish/vendor_completions.d/edgevoice.fish",
}
# The same words for a package as for scripts/install, which puts everything into /opt.
ELSEWHERE = (
    (r"/opt/edgevoice/share/doc/edgevoice", f"/{DOC}"),
    (r"/opt/edgevoice/bin/edgevoice", "/usr/bin/edgevoice"),
    (r"scripts/install( --relay( only)?)? puts it in place", "The package edgevoice brings it"),
    (r"/etc/(sysusers\.d|tmpfiles\.d|udev/rules\.d)/", r"/usr/lib/\1/"),
)


def version(checkout: Path) -> str:
    text = (checkout / "edgevoice/__init__.py").read_text()
    return re.findall(r'^__version__ = "(.*)"', text, re.M)[0] + "-1"


def make(checkout: Path, root: Path, date: int) -> None:
    set_up(checkout, root / HOME / "setup")
    for name, target in SHIPPED.items():
        source = checkout / "systemd" / name
        if source.exists():
            put(root / target, moved(source.read_text()))
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/edgevoice").symlink_to("../lib/edgevoice/bin/edgevoice")
    (root / "var/lib/edgevoice-models").mkdir(parents=True)
    debian = checkout / "scripts/build-deb.d/debian"
    put(root / "etc/edgevoice/config.yaml", (debian / "config.yaml").read_text())
    document(checkout, root, date)
    put(root / "usr/share/lintian/overrides/edgevoice", (debian / "lintian-overrides").read_text())
    generate(root, date)


def set_up(checkout: Path, folder: Path) -> None:
    """`edgevoice setup`, and what of scripts/install it is made of."""
    shared = [checkout / "scripts/install.d" / f"{name}.sh" for name in SET_UP]
    own = checkout / "scripts/build-deb.d/debian/setup"
    for source in [checkout / "scripts/steps.sh", *shared, own]:
        put(folder / source.name, source.read_text())
    (folder / "setup").chmod(0o755)


def moved(text: str) -> str:
    for pattern, new in ELSEWHERE:
        text = re.sub(pattern, new, text)
    return text


def list_of_parts(checkout: Path, packages: Path, into: Path) -> None:
    """In CycloneDX, for whoever has to know what is on a machine."""
    program = checkout / "scripts/release.d/sbom.py"
    run(checkout / ".venv/bin/python", program, "--of", packages, "--into", into)


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def document(checkout: Path, root: Path, date: int) -> None:
    doc = root / DOC
    put(doc / "copyright", licences.copyright_file(root / HOME))
    list_of_parts(checkout, site_packages(root / HOME), doc)
    for name in ("README.md", "config/edgevoice.yaml"):
        put(doc / Path(name).name, (checkout / name).read_text())
    for page in sorted((checkout / "docs").rglob("*.md")):
        put(doc / page.relative_to(checkout), page.read_text())
    squeeze(doc / "NEWS.gz", (checkout / "CHANGELOG.md").read_text())
    squeeze(doc / "changelog.Debian.gz", changelog(checkout, date))


def changelog(checkout: Path, date: int) -> str:
    return (
        f"edgevoice ({version(checkout)}) unstable; urgency=medium\n\n"
        "  * What is new is in NEWS.gz.\n\n"
        f" -- {MAINTAINER}  {formatdate(date)}\n"
    )


def squeeze(path: Path, text: str) -> None:
    """Without a name and a date inside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def generate(root: Path, date: int) -> None:
    """Manual pages and completions, which the command writes itself."""
    manuals = root / "usr/share/man"
    ask(root, date, "manual", str(manuals))
    for page in sorted(path for path in manuals.rglob("*") if path.is_file()):
        squeeze(page.with_name(page.name + ".gz"), page.read_text())
        page.unlink()
    for shell, place in COMPLETIONS.items():
        put(root / place, ask(root, date, "completion", shell))


def ask(root: Path, date: int, *words: str) -> str:
    """Not by the environment's own link, which leads to nowhere until it lies in its place."""
    command = [PYTHON, "-B", "-P", "-c", "from edgevoice.cli import main; raise SystemExit(main())"]
    environ = os.environ | {
        "COLUMNS": "80",
        "PYTHONPATH": str(site_packages(root / HOME)),
        "SOURCE_DATE_EPOCH": str(date),  # a manual page has one
    }
    done = subprocess.run([*command, *words], capture_output=True, text=True, env=environ)
    if done.returncode:
        sys.exit(f"build-deb: edgevoice {' '.join(words)}: {done.stderr}")
    return done.stdout
