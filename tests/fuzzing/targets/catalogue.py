"""The list of models, and the licences and hashes in it."""

from edgevoice.errors import ModelError
from edgevoice.models.catalogue import read
from tests.fuzzing.scratch import folder, written


def contract(data: bytes) -> None:
    """ModelError, or offers whose files can be looked for."""
    path = written("catalogue.toml", data)
    try:
        offers = read(path)
    except ModelError as error:
        assert str(path) in str(error)
        return
    for offer in offers:
        assert offer.models
        assert offer.licence
        assert not any(model.is_in(folder()) for model in offer.models if model.name)
