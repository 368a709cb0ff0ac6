"""Links of the documentation lead somewhere."""

import pytest

from tests.docs.pages import ROOT, anchors, links, pages, text

EVERYWHERE = (*pages(), ROOT / "ARCHITECTURE.md", ROOT / "CHANGELOG.md")


@pytest.mark.parametrize("page", EVERYWHERE, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page):
    for link in links(page):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert target.is_relative_to(ROOT), f"{page.name}: {link} leaves the repository"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


MEASURED = {"faults.md", "peers.md"}
"""Written anew by what measures them, wherever they are linked from."""


def test_the_index_names_every_page():
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    missing = {page for page in pages() if page.is_relative_to(ROOT / "docs")} - linked - {index}
    assert not [page for page in missing if page.name not in MEASURED], "name it in docs/README.md"


def test_readme_and_security_are_of_this_product():
    assert text(ROOT / "README.md").startswith("# edgevoice\n")
    assert "docs/README.md" in set(links(ROOT / "README.md"))
