"""Which calls want the user's yes, and what a result is cut to."""

import sys

import pytest

from edgevoice.config import McpConfig, McpServerConfig
from edgevoice.errors import ConfigError
from edgevoice.relay.mcp.results import result_of
from edgevoice.relay.mcp.servers import McpServers
from edgevoice.relay.tool_use.toolbox import RelayTool


def needs_yes(config: McpServerConfig, tool: RelayTool, **arguments: object) -> bool:
    return McpServers(McpConfig((config,))).for_caller("kitchen").needs_yes(tool, arguments)


def tool(**annotations: object) -> RelayTool:
    return RelayTool("house", "HassTurnOff", annotations=annotations)


@pytest.mark.parametrize(
    ("annotations", "asks"),
    [
        ({}, True),
        ({"readOnlyHint": True}, False),
        ({"readOnlyHint": True, "destructiveHint": True}, False),
        ({"destructiveHint": False}, False),
        ({"destructiveHint": True}, True),
        ({"readOnlyHint": "yes"}, True),
        ({"destructiveHint": None}, True),
    ],
)
def test_a_tool_is_risky_unless_its_server_says_otherwise(annotations, asks):
    assert needs_yes(McpServerConfig(name="house"), tool(**annotations)) is asks


def test_the_owner_knows_better_than_the_server():
    harmless, risky = tool(readOnlyHint=True), tool(destructiveHint=True)
    assert needs_yes(McpServerConfig(name="house", confirm="always"), harmless)
    assert not needs_yes(McpServerConfig(name="house", confirm="never"), risky)
    named = McpServerConfig(name="house", confirm="never", confirm_tools=("HassTurnOff",))
    assert needs_yes(named, harmless)


def test_words_in_the_arguments_are_asked_about():
    config = McpServerConfig(name="house", confirm="never", confirm_words=("lock", "Front door"))
    assert needs_yes(config, tool(), domain=["light", "lock"])
    assert needs_yes(config, tool(), where={"name": "the front DOOR"})
    assert not needs_yes(config, tool(), name="lamp", brightness=3)
    deep: object = "front door"
    for _ in range(5_000):
        deep = [deep]
    assert needs_yes(config, tool(), deep=deep)


def test_a_result_is_never_empty_and_never_long():
    assert result_of([], 0, "", failed=False).text == "done"
    assert result_of([], 0, "", failed=True).text == "it failed"
    assert result_of([], 0, '{"x": 1}', failed=False).text == '{"x": 1}'
    assert len(result_of(["a" * 5_000] * 3, 2, "", failed=False).text) == 6_000
    assert result_of(["\ud800"], 0, "", failed=False).text == "?"


def test_a_missing_package_is_named_before_anything_starts(monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp", None)
    McpServers(McpConfig()).check()
    with pytest.raises(ConfigError, match=r"edgevoice\[mcp\]"):
        McpServers(McpConfig((McpServerConfig(name="house", command=("x",)),))).check()
