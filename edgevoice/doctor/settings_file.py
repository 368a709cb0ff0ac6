"""Settings that were measured, in a file of their own: `/etc/edgevoice/config.d/90-audio.yaml`."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from edgevoice import config_edit
from edgevoice.config import Config, WakeWordConfig
from edgevoice.config_edit import Change
from edgevoice.config_yaml import default, hints
from edgevoice.doctor.proposals import Proposal, word_of

NAME = "90-audio.yaml"
HEAD = """\
# Written by `edgevoice doctor --audio --write` and `edgevoice wake-test --write`, which
# change it again. Settings of your own are safer in another file; a later name wins.
"""


class SettingsFile(config_edit.SettingsFile):
    """`paths` are those of `-c`, None for the ones in /etc."""

    def __init__(self, paths: Sequence[str] | None) -> None:
        super().__init__(paths, NAME, HEAD)

    def proposed(self, config: Config, proposals: Sequence[Proposal]) -> str:
        """The file's text with these settings in it; ConfigError where the file is broken."""
        return self.with_changes(_changes(config, proposals))


def _changes(config: Config, proposals: Sequence[Proposal]) -> Iterator[Change]:
    """A list is one setting: a change to one of its words writes all of them."""
    words = list(config.wake.words)
    reasons = []
    for proposal in proposals:
        section, _, name = proposal.path.rpartition(".")
        if not section.startswith("wake.words["):
            yield Change(proposal.path, proposal.value, proposal.reason)
            continue
        place = config.wake.words.index(word_of(config, section))
        change: dict[str, Any] = {name: proposal.value}
        words[place] = replace(words[place], **change)
        if proposal.reason not in reasons:
            reasons.append(proposal.reason)
    if reasons:
        yield Change("wake.words", [_entry(word) for word in words], "; ".join(reasons))


def _entry(word: WakeWordConfig) -> dict[str, Any]:
    """What differs from the defaults."""
    values = {name: getattr(word, name) for name in hints(WakeWordConfig)}
    return {
        name: value
        for name, value in values.items()
        if name == "name" or value != default(WakeWordConfig, name)
    }
