"""The table of faults, the tests that produce them, the page and the mutants are of one mind."""

from functools import cache

import pytest

from tests.faults import FAULTS, TESTS, marked_tests
from tests.mutants import MUTANTS, ROOT, Mutant

PAGE = TESTS.parent / "docs/faults.md"


@cache
def marked() -> dict[str, list[str]]:
    return marked_tests()


def test_each_fault_is_produced_by_a_test() -> None:
    assert set(FAULTS) - set(marked()) == set()


def test_no_test_produces_a_fault_that_is_not_in_the_table() -> None:
    assert set(marked()) - set(FAULTS) == set()


@pytest.mark.parametrize("name", FAULTS)
def test_the_page_shows_each_fault_with_its_tests(name: str) -> None:
    row = next(
        line
        for line in PAGE.read_text().splitlines()
        if line.startswith(f"| {FAULTS[name].what} |")
    )
    assert FAULTS[name].promised in row
    for test in marked()[name]:
        file, story = test.split("::")[0], test.rsplit("::", 1)[-1]
        assert f"{story.removeprefix('test_').replace('_', ' ')}`](../{file})" in row


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.fault)
def test_each_mutant_still_takes_out_what_it_says(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1
    tests = {test.split("::")[0] for test in marked()[mutant.fault]}
    assert mutant.test in tests
