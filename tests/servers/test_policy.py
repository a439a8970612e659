"""Which tools may be called."""

from __future__ import annotations

from typing import Any

import pytest

from toolweave.servers.policy import decide
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Annotations, Tool

PLAIN: dict[str, Any] = {}
WORKSPACE: dict[str, Any] = {"args": ["${WORKSPACE}"]}
DISPOSABLE: dict[str, Any] = {"options": ServerOptions(disposable=True)}
READS, WRITES = Annotations(read_only=True), Annotations(read_only=False, destructive=False, open_world=False)
DESTROYS, REACHES_OUT, SILENT = (
    Annotations(destructive=True),
    Annotations(read_only=True, open_world=True),
    Annotations(),
)


@pytest.mark.parametrize(
    ("server", "annotations", "allowed"),
    [
        (PLAIN, READS, True),
        (PLAIN, WRITES, False),
        (PLAIN, DESTROYS, False),
        (PLAIN, REACHES_OUT, False),
        (PLAIN, SILENT, False),
        (WORKSPACE, READS, True),
        (WORKSPACE, WRITES, True),
        (WORKSPACE, DESTROYS, False),
        (WORKSPACE, REACHES_OUT, False),
        (WORKSPACE, SILENT, True),
        (DISPOSABLE, DESTROYS, True),
        (DISPOSABLE, REACHES_OUT, True),
        (DISPOSABLE, SILENT, True),
        ({"transport": "http", "url": "http://x", "headers": {"a": "${WORKSPACE}"}}, WRITES, False),
        ({"options": ServerOptions(allow=["do_*"])}, DESTROYS, True),
        ({"options": ServerOptions(allow=["other"])}, READS, False),
        ({"options": ServerOptions(deny=["do_*"], allow=["*"], disposable=True)}, READS, False),
        ({"options": ServerOptions(deny=["DO_*"], disposable=True)}, READS, True),
    ],
)
def test_policy(server: dict[str, Any], annotations: Annotations, allowed: bool) -> None:
    spec = ServerSpec.model_validate({"name": "s", "command": "x", **server})
    decision = decide(spec, Tool(server="s", name="do_it", annotations=annotations))
    assert decision.allowed is allowed
    assert "\n" not in decision.reason


def test_a_tool_that_says_that_it_reads_and_was_seen_to_write_is_not_called() -> None:
    tool = Tool(server="s", name="peek", annotations=READS)
    decision = decide(ServerSpec(name="s", command="x"), tool, seen_to_change=True)
    assert decision.reason.startswith("s/peek says that it only reads, and was seen to change something")
    assert not decision.allowed
    assert decide(ServerSpec(name="s", command="x", **DISPOSABLE), tool, seen_to_change=True).allowed


def test_a_refusal_says_how_to_allow_the_tool() -> None:
    decision = decide(ServerSpec(name="s", command="x"), Tool(server="s", name="wipe", annotations=DESTROYS))
    assert decision.reason.startswith('s/wipe is annotated destructive; to call it, put "disposable": true')
    assert '"allow"' in decision.reason


@pytest.mark.parametrize("name", ["delete_ticket", "removeItem", "purge-cache"])
def test_a_name_that_belies_the_read_only_hint_is_not_safe(name: str) -> None:
    tool = Tool(server="s", name=name, annotations=READS)
    decision = decide(ServerSpec(name="s", command="x"), tool)
    assert not decision.allowed
    assert "says that it only reads, and its name begins with" in decision.reason
    assert decide(ServerSpec(name="s", command="x", **DISPOSABLE), tool).allowed


def test_a_name_that_ends_nothing_is_believed() -> None:
    for name in ("list_deleted_tickets", "dropbox_search", "get_removed", "killer_facts"):
        assert decide(ServerSpec(name="s", command="x"), Tool(server="s", name=name, annotations=READS)).allowed
