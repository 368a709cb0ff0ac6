"""Every contract holds for every file of its corpus."""

import pytest

from tests.fuzzing import targets

CASES = [(name, seed) for name in targets.names() for seed in targets.seeds(name)]


@pytest.mark.parametrize(
    ("name", "seed"), CASES, ids=[f"{name}-{seed.stem}" for name, seed in CASES]
)
def test_corpus(name, seed):
    targets.contract(name)(seed.read_bytes())


def test_every_target_has_something_to_begin_with():
    assert all(targets.seeds(name) for name in targets.names())
    assert {path.name for path in targets.CORPUS.iterdir()} == set(targets.names())
