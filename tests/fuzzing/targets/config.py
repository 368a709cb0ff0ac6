"""An owner's configuration, from YAML to what contradicts itself."""

from edgevoice.config import Config
from edgevoice.config_file import read_file, read_override
from edgevoice.config_rules import contradictions
from edgevoice.config_yaml import build
from tests.fuzzing.scratch import written


def contract(data: bytes) -> None:
    """Every mistake is told with its place; without mistakes there is a configuration."""
    layer = read_file(written("config.yaml", data))
    layer.mistakes += read_override(data.decode(errors="replace")).mistakes
    for mistake in layer.mistakes:
        assert mistake.text
        assert str(mistake)
    list(contradictions(build(Config, layer.settings)))
