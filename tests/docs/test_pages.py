"""How pages are read: what the other tests rely on."""

import pytest

from tests.docs import pages
from tests.docs.test_snippets import check_script, lines

PAGE = """# A page, of ours

See [the next](#what-it-s-for) and [there](other.md#a), not `[this](nowhere.md)`.

<!-- not run: it would take a day -->
```sh
sudo one --flag "a word"   # with a remark
two && three
```

## What it's for: `x`

```yaml
# no heading
a: 1
```
"""


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_blocks_have_a_language_a_line_and_perhaps_an_excuse(page):
    shell, yaml = pages._blocks(page)
    assert (shell.language, shell.line, shell.not_run) == ("sh", 6, "it would take a day")
    assert (yaml.language, yaml.text, yaml.not_run) == ("yaml", "# no heading\na: 1", "")


def test_commands_come_one_by_one_without_sudo_and_remarks(page):
    shell, _ = pages._blocks(page)
    assert list(lines(shell)) == [["one", "--flag", "a word"], ["two"], ["three"]]


def test_a_block_without_an_end_is_said(page):
    page.write_text("```sh\none\n")
    with pytest.raises(AssertionError, match="without an end"):
        list(pages._blocks(page))


def test_links_and_anchors_are_those_of_the_prose(page):
    assert list(pages.links(page)) == ["#what-it-s-for", "other.md#a"]
    assert pages.anchors(page) == {"a-page-of-ours", "what-its-for-x"}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("scripts/nothing", []),
        ("scripts/install", ["--relais", "none"]),
        ("scripts/bench", ["nothing"]),
        ("scripts/run", ["nothing"]),
    ],
)
def test_what_no_script_knows_fails(name, arguments):
    with pytest.raises(AssertionError):
        check_script("here", name, arguments)
