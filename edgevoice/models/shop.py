"""What `edgevoice models` does: shows the offers, asks, and hands over."""

import argparse
import json
import sys
from pathlib import Path

from edgevoice.audio.models import search_path
from edgevoice.errors import ModelError
from edgevoice.models import catalogue, installing
from edgevoice.models.catalogue import Offer
from edgevoice.models.wheels import Origin


def show(args: argparse.Namespace) -> int:
    directory = _directory(args)
    offers = _offers(args)
    if args.json:
        print(json.dumps([_facts(offer, directory) for offer in offers], indent=2))
        return 0
    for offer in offers:
        mark = "installed" if offer.is_in(directory) else "-"
        print(f"{offer.name:18} {mark:10} {_size(offer, directory):>7}  {offer.licence}")
        print(f"{'':18} {offer.use}")
        print(f"{'':18} worth it on: {offer.boards}")
    print(f"The models are in {directory}. `edgevoice models install NAME` fetches one.")
    return 0


def install(args: argparse.Namespace) -> int:
    if args.name is None:
        return install_needed(args)
    directory, offer = _directory(args), _find(args)
    print(f"{offer.name}: {offer.use}")
    print(f"licence: {offer.licence}")
    print(f"source: {offer.source}")
    print(f"download: {offer.megabytes:.0f} MB, as {offer.package.requirement}")
    if not (args.yes or _agreed("Install it under this licence?")):
        return 1
    installing.complete([offer], directory, _origin(args.place), wake_only=False)
    installing.write_licences(_offers(args), directory)
    print(f"{offer.name} is in {directory}")
    if offer.setting:
        print("To use it, set in the configuration:")
        print("\n".join(f"  {line}" for line in offer.setting.strip().splitlines()))
    return 0


def install_needed(args: argparse.Namespace) -> int:
    """All that edgevoice cannot do without, on a board or on one that also answers."""
    directory = _directory(args)
    offers = [offer for offer in _offers(args) if not offer.optional]
    missing = [offer for offer in offers if _lacks(offer, directory, args.wake_only)]
    for offer in missing:
        print(f"{offer.name}: {offer.use}; {offer.megabytes:.0f} MB; licence: {offer.licence}")
    if not missing:
        print(f"all models that are needed are in {directory}")
        return 0
    if not (args.yes or _agreed("Install them under these licences?")):
        return 1
    installing.complete(missing, directory, _origin(args.place), args.wake_only)
    installing.write_licences(_offers(args), directory)
    print(f"{', '.join(offer.name for offer in missing)}: in {directory}")
    return 0


def _lacks(offer: Offer, directory: Path, wake_only: bool) -> bool:
    wanted = [model for model in offer.models if model.wake or not wake_only]
    return any(not (directory / model.name).is_file() for model in wanted)


def remove(args: argparse.Namespace) -> int:
    directory, offer = _directory(args), _find(args)
    if not offer.optional and not (
        args.yes or _agreed(f"edgevoice needs {offer.name} unless it is set up otherwise. Remove?")
    ):
        return 1
    if not installing.remove(offer, directory):
        raise ModelError(f"{offer.name} is not in {directory}; see `edgevoice models list`")
    installing.write_licences(_offers(args), directory)
    print(f"{offer.name} is removed")
    return 0


def _offers(args: argparse.Namespace) -> list[Offer]:
    return catalogue.read(Path(args.catalogue) if args.catalogue else catalogue.CATALOGUE)


def _find(args: argparse.Namespace) -> Offer:
    offers = {offer.name: offer for offer in _offers(args)}
    if args.name not in offers:
        raise ModelError(f"there is no model {args.name!r}; there are {', '.join(offers)}")
    return offers[args.name]


def _directory(args: argparse.Namespace) -> Path:
    return search_path(args.dir)[0]


def _origin(place: str) -> Origin:
    if place and "://" not in place and Path(place).is_dir():
        return Origin(folder=Path(place))
    return Origin(place=place, shows_progress=sys.stderr.isatty())


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise ModelError("nobody is there to be asked; add --yes")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _size(offer: Offer, directory: Path) -> str:
    """On the disk where it is installed, of the download otherwise."""
    if not offer.is_in(directory):
        return f"{offer.megabytes:.0f} MB"
    return f"{sum((directory / m.name).stat().st_size for m in offer.models) / 1e6:.0f} MB"


def _facts(offer: Offer, directory: Path) -> dict[str, object]:
    return {
        "name": offer.name,
        "installed": offer.is_in(directory),
        "use": offer.use,
        "boards": offer.boards,
        "licence": offer.licence,
        "source": offer.source,
        "download_mb": offer.megabytes,
        "setting": offer.setting.strip(),
        "files": [model.name for model in offer.models],
    }
