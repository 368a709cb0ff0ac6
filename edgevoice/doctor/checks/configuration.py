"""Whether the configuration can be used at all."""

from collections.abc import Callable

from edgevoice.config_file import Effective
from edgevoice.doctor.finding import Finding
from edgevoice.errors import ConfigError


def configuration(read: Callable[[], Effective]) -> tuple[Effective | None, list[Finding]]:
    try:
        effective = read()
    except ConfigError as mistakes:
        todo = "correct it, then: edgevoice config check"
        lines = str(mistakes).splitlines()
        return None, [Finding("fail", "configuration", line, todo) for line in lines]
    files = sorted({place.source for place in effective.places.values() if place.line})
    told = "no mistakes in " + (", ".join(files) or "the defaults: no file sets anything")
    return effective, [Finding("ok", "configuration", told)]
