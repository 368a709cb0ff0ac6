"""The tables that are made from the program are those in the pages, and have no gaps."""

import runpy
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.docs.pages import ROOT

SCRIPT = ROOT / "scripts" / "doc-tables"
PARTS = SCRIPT.with_name("doc-tables.d")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def script() -> Iterator[dict[str, Any]]:
    """What the script defines; it is read once, which takes seconds."""
    before, path = set(sys.modules), [*sys.path]
    try:
        yield runpy.run_path(str(SCRIPT), run_name="doc-tables")
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - before:
            if str(PARTS) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]


@pytest.fixture(scope="module")
def tables(script: dict[str, Any]) -> Any:
    return script["errors"]


@pytest.mark.slow
def test_the_tables_of_the_pages_are_those_of_the_program(script):
    for name, (page, make) in script["TABLES"].items():
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert script["written"](text, name, make) == text, f"{page}: run scripts/doc-tables"


@pytest.mark.slow
def test_a_page_without_its_markers_is_left_alone(tmp_path):
    (tmp_path / "errors.md").write_text("no markers")
    failed = run(tmp_path)
    assert failed.returncode == 2
    assert "findings:begin" in failed.stderr
    assert (tmp_path / "errors.md").read_text() == "no markers"


@pytest.mark.slow
def test_every_message_says_what_helps(script, tables):
    rows = [row for kinds in tables.GROUPS.values() for row in tables.rows(kinds)]
    rows += tables.refusals() + tables.events() + tables.settings()
    rows += script["installing"].rows()
    assert len(rows) > 550
    silent = [f"{row.where}: {row.kind}: {row.message}" for row in rows if not row.remedy]
    assert not silent, "say in the message what to do next; see scripts/doc-tables.d/remedies.py"


@pytest.mark.slow
def test_everything_that_the_doctor_finds_says_what_helps(tables):
    findings = tables.findings()
    assert len(findings) > 150
    assert not [finding for finding in findings if not finding.todo.strip()]


@pytest.mark.slow
def test_every_class_of_error_is_in_some_table(tables):
    from edgevoice import errors

    told = tuple(kind for kinds in tables.GROUPS.values() for kind in kinds)
    # The first two are bases, the third has its own table, the fourth tells what a server did.
    elsewhere = {"EdgeVoiceError", "ProtocolError", "RemoteProtocolError", "CheckFailed"}
    missing = {name for name, kind in tables.CLASSES.items() if not issubclass(kind, told)}
    assert missing == elsewhere
    assert issubclass(errors.CheckFailed, errors.EdgeVoiceError)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sentence", "trouble", "remedy"),
    [
        (
            "no token at …; `edgevoice pair` makes one",
            "no token at …",
            "`edgevoice pair` makes one",
        ),
        ("… is not there: plug it in", "… is not there", "plug it in"),
        ("… needs it; install it (or leave it)", "… needs it", "install it (or leave it)"),
        ("it broke", "it broke", ""),
        ("x is …: it has … bytes", "x is …: it has … bytes", ""),
    ],
)
def test_a_sentence_is_parted_where_the_remedy_begins(tables, sentence, trouble, remedy):
    assert tables.parted(sentence) == (trouble, remedy)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('raise E(f"{path} is gone: look")', ["… is gone: look"]),
        ('raise E("one" if path else f"two {path}")', ["one", "two …"]),
        ('if path:\n  t = "a"\n else:\n  t = "b"\n raise E(t)', ["a", "b"]),
        ('t = "old"\n t = f"{WORD}, new"\n raise E(t)', ["stop, new"]),
        ("raise E(reason(path))", ["by one", "by two"]),
        ("raise E(str(path))", ["…"]),
    ],
)
def test_a_sentence_is_found_however_it_is_chosen(tables, tmp_path, body, told):
    source = 'WORD = "stop"\ndef reason(x):\n return "by one" if x else "by two"\n'
    (tmp_path / "one.py").write_text(f"{source}def act(path):\n {body}\n")
    module = tables.Module(tmp_path / "one.py", tmp_path)
    (call,) = [call for name, call in tables.called(module) if name == "E"]
    assert tables.sentences(module, call.args[0]) == told
