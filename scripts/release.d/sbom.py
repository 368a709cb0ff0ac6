"""scripts/sbom: lists what a release is made of, in CycloneDX (https://cyclonedx.org).

    scripts/sbom [--into DIR]    for a device and for a relay; into dist

The same commit makes the same bytes, by the same Python. Each package has the hashes of all
files that may be installed of it; models have theirs, and their licences.
"""

import argparse
import json
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import parts
import pins

sys.path.insert(0, str(pins.CHECKOUT))

from edgevoice import __version__
from edgevoice.models import catalogue

OURSELVES = f"pkg:pypi/edgevoice@{__version__}"
BY_NAME = {
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "LGPL-2.1-or-later", "MIT", "MIT-0",
    "MPL-2.0", "PSF-2.0",
}  # fmt: skip
"""Identifiers of SPDX among what licences are called."""

Component = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/sbom", description=__doc__.split("\n")[0])
    parser.add_argument("--into", type=Path, default=pins.CHECKOUT / "dist", metavar="DIR")
    parser.add_argument("--of", type=Path, metavar="PACKAGES", help="of this folder instead")
    asked = parser.parse_args(arguments)
    asked.into.mkdir(parents=True, exist_ok=True)
    if asked.of:
        write(asked.into / "edgevoice.cdx.json", of_folder(asked.of))
        return 0
    for profile in parts.PROFILES:
        write(asked.into / f"edgevoice-{__version__}-{profile}.cdx.json", of_profile(profile))
    return 0


def write(made: Path, text: str) -> None:
    made.write_text(text, encoding="utf-8")
    print(f"sbom: {made}: {text.count('bom-ref') - 1} packages and models")


def of_profile(profile: str) -> str:
    here = parts.Parts()
    models = list(_models(wake_only=profile == "device"))
    return _document(profile, here, *here.of_profile(profile), models)


def of_folder(packages: Path) -> str:
    """Of an environment that is packed up; models are in none."""
    here = parts.Parts(packages)
    return _document("package", here, *here.of_folder(), [])


def _document(
    what: str,
    here: parts.Parts,
    found: list[pins.Pin],
    needs: parts.Needs,
    models: list[Component],
) -> str:
    components = [_component(pin, here.licence(pin.name)) for pin in found] + models
    refs: dict[str, list[str]] = {parts.OURSELVES: [OURSELVES]}
    for pin in found:
        refs.setdefault(pin.name, []).append(_purl(pin))
    told = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": _ourselves(),
            "properties": [{"name": "edgevoice:profile", "value": what}],
        },
        "components": components,
        "dependencies": list(_dependencies(refs, needs)),
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(told, sort_keys=True))
    return json.dumps(told | {"serialNumber": f"urn:uuid:{serial}"}, indent=1) + "\n"


def _ourselves() -> Component:
    return {
        "type": "application",
        "bom-ref": OURSELVES,
        "name": "edgevoice",
        "version": __version__,
        "purl": OURSELVES,
        "licenses": [_licence("Apache-2.0")],
    }


def _dependencies(refs: dict[str, list[str]], needs: parts.Needs) -> Iterator[Component]:
    for name, own in refs.items():
        needed = [ref for need in sorted(needs.get(name, ())) for ref in refs.get(need, ())]
        for ref in own:
            yield {"ref": ref, "dependsOn": needed}


def _component(pin: pins.Pin, licence: str) -> Component:
    where = [{"name": "edgevoice:where", "value": pin.marker}]
    return {
        "type": "library",
        "bom-ref": _purl(pin),
        "name": pin.name,
        "version": pin.version,
        "purl": _purl(pin),
        "hashes": [{"alg": "SHA-256", "content": one} for one in pin.hashes],
        **({"licenses": [_licence(licence)]} if licence else {}),
        **({"properties": where} if pin.marker else {}),
    }


def _purl(pin: pins.Pin) -> str:
    return f"pkg:pypi/{pin.name}@{pin.version}"


def _licence(told: str) -> Component:
    """An expression of SPDX, or whatever else it is called."""
    if told in BY_NAME:
        return {"license": {"id": told}}
    if any(word in told.split() for word in ("AND", "OR", "WITH")):
        return {"expression": told}
    return {"license": {"name": told}}


def _models(*, wake_only: bool) -> Iterator[Component]:
    for offer in catalogue.read():
        for model in offer.models:
            if offer.optional or (wake_only and not model.wake):
                continue
            yield {
                "type": "machine-learning-model",
                "bom-ref": f"model:{model.name}",
                "name": model.name,
                "version": offer.package.requirement.partition("==")[2],
                "description": offer.use,
                "hashes": [{"alg": "SHA-256", "content": model.sha256}],
                "licenses": [_licence(model.licence)],
                "externalReferences": [{"type": "website", "url": model.source}],
            }


if __name__ == "__main__":
    sys.exit(main())
