"""debian/copyright, machine-readable (DEP-5): ours, and what the wheels say of themselves."""

import re
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path

from environment import site_packages

HEAD = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: edgevoice
Comment: The package holds edgevoice and the libraries it runs with, as their authors published
 them (wheels of the Python Package Index). Wake words and the models of speech recognition are no
 part of it: they are fetched on the machine and have licences of their own. The voice is a part of
 the library hibari.

Files: *
Copyright: 2026 edgevoice contributors
License: Apache-2.0
"""

# What wheels carry besides their own code and mostly keep quiet about.
INSIDE = {
    "av.libs": (
        "FFmpeg, and what it was built with: x264, x265, LAME, opencore-amr, dav1d, SVT-AV1,"
        " libvpx, Opus, GnuTLS and others",
        "their authors",
        "GPL-3+",
    ),
    "numpy.libs": (
        "OpenBLAS, libgfortran, libquadmath",
        "their authors",
        "BSD-3-Clause and GPL-3+",
    ),
    "google_crc32c.libs": ("crc32c", "The CRC32C Authors", "BSD-3-Clause"),
}
COMMON = {
    "Apache-2.0": "Apache-2.0",
    "GPL-3+": "GPL-3",
    "LGPL-2.1-or-later": "LGPL-2.1",
    "MPL-2.0": "MPL-2.0",
}
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Python Software Foundation License": "PSF-2.0",
}
WORDS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "MIT License": "MIT",
}


def copyright_file(home: Path) -> str:
    packages = site_packages(home)
    place = f"usr/lib/edgevoice/{packages.relative_to(home)}"
    paragraphs = [HEAD]
    used = {"Apache-2.0"}
    for info in sorted(packages.glob("*.dist-info")):
        if info.name.startswith("edgevoice-"):
            continue
        licence = licence_of(info)
        used.add(licence)
        paragraphs.append(of_wheel(info, place, licence))
    for folder, (what, whose, licence) in INSIDE.items():
        if (packages / folder).is_dir():
            used.add(licence)
            paragraphs.append(
                f"Files: {place}/{folder}/*\nCopyright: {whose}\n"
                f"License: {licence}\nComment: {what}\n"
            )
    paragraphs += [of_licence(licence) for licence in sorted(used)]
    return "\n".join(paragraphs)


def of_wheel(info: Path, place: str, licence: str) -> str:
    metadata = HeaderParser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
    files = " ".join(f"{place}/{name}/*" for name in sorted({*modules(info), info.name}))
    texts = sorted(str(path.relative_to(info)) for path in texts_of(info))
    where = f" Text: {place}/{info.name}/{texts[0]}" if texts else ""
    return (
        f"Files: {files}\nCopyright: {author(metadata)}\nLicense: {licence}\n"
        f"Comment: {metadata['Name']} {metadata['Version']}.{where}\n"
    )


def modules(info: Path) -> Iterator[str]:
    """Its folders beside it, as far as it names them."""
    named = info / "top_level.txt"
    guess = re.sub(r"-[^-]*\.dist-info$", "", info.name).lower()
    names = named.read_text().split() if named.exists() else [guess]
    for name in names:
        if (info.parent / name).is_dir():
            yield name


def texts_of(info: Path) -> Iterator[Path]:
    for path in info.rglob("*"):
        if path.is_file() and re.match(r"(?i)(licen[cs]e|copying|notice)", path.name):
            yield path


def author(metadata: object) -> str:
    """One line; who wrote a wheel is said in many ways."""
    get = metadata.get
    told = get("Author") or get("Author-email") or get("Maintainer") or get("Maintainer-email")
    return " ".join((told or f"the authors of {get('Name')}").split())


def licence_of(info: Path) -> str:
    metadata = HeaderParser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
    if licence := told(metadata):
        return spelled(licence)
    raise SystemExit(f"build-deb: {info.name} does not say its licence; add it to licences.py")


def told(metadata: object) -> str:
    """As a wheel's metadata have it, by SPDX's name where we know it; empty where they do not."""
    get, get_all = metadata.get, metadata.get_all
    if expression := get("License-Expression"):
        return expression
    if (name := get("License")) and len(name) < 40:
        return WORDS.get(name.strip(), name.strip())
    for classifier in get_all("Classifier", []):
        name = classifier.rpartition(" :: ")[2]
        if classifier.startswith("License ::") and name in CLASSIFIERS:
            return CLASSIFIERS[name]
    return ""


def spelled(expression: str) -> str:
    """SPDX's `A AND B` is DEP-5's `A and B`."""
    return expression.replace(" AND ", " and ").replace(" OR ", " or ")


def of_licence(licence: str) -> str:
    names = re.split(r" and | or ", licence)
    common = [COMMON[name] for name in names if name in COMMON]
    lines = [f" On Debian systems: /usr/share/common-licenses/{name}" for name in common]
    if len(common) < len(names):
        lines.append(" The text comes with each package, in its folder *.dist-info.")
    return f"License: {licence}\n" + "\n".join(lines) + "\n"
