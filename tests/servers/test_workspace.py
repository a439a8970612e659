"""Scratch directories with one stable name."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolweave.servers.workspace import Workspace, folder_names

WORKSPACE = Workspace(Path("/s/tw-1/git"))


@pytest.mark.parametrize(
    ("alias", "real"),
    [
        ("/workspace", "/s/tw-1/git"),
        ("/workspace/a b.txt", "/s/tw-1/git/a b.txt"),
        ("cp /workspace/a /workspace/b.", "cp /s/tw-1/git/a /s/tw-1/git/b."),
        ("file:///workspace/a", "file:///s/tw-1/git/a"),
        ("sqlite:////workspace/a.db", "sqlite:////s/tw-1/git/a.db"),
        ("--root=/workspace,\"/workspace\":'/workspace'.", "--root=/s/tw-1/git,\"/s/tw-1/git\":'/s/tw-1/git'."),
    ],
)
def test_a_path_has_its_alias_on_the_way_back_and_is_real_on_the_way_out(alias: str, real: str) -> None:
    assert WORKSPACE.to_real(alias) == real
    assert WORKSPACE.to_alias(real) == alias


@pytest.mark.parametrize(
    "text", ["/workspaces", "/workspace.txt", "/workspace-2", "my/workspace", "/home/workspace", "http://workspace"]
)
def test_only_a_whole_first_component_is_the_workspace(text: str) -> None:
    assert WORKSPACE.to_real(text) == text


@pytest.mark.parametrize("text", ["/s/tw-1/git2", "/s/tw-1/git.txt", "/s/tw-1"])
def test_only_the_whole_real_path_is_rewritten(text: str) -> None:
    assert WORKSPACE.to_alias(text) == text


def test_keys_and_nested_values_are_rewritten_and_the_rest_is_left_alone() -> None:
    value = {"/workspace/k": [1, None, True, {"x": "/workspace"}]}
    real = {"/s/tw-1/git/k": [1, None, True, {"x": "/s/tw-1/git"}]}
    assert WORKSPACE.to_real(value) == real
    assert WORKSPACE.to_alias(real) == value


def test_a_path_with_odd_characters_is_recognised_in_urls_too() -> None:
    workspace = Workspace(Path("/s/a dir/git"))
    assert workspace.to_alias("file:///s/a%20dir/git/x and /s/a dir/git/x") == "file:///workspace/x and /workspace/x"


def test_every_server_gets_a_folder_of_its_own() -> None:
    names = folder_names(["time", "@org/time", "_org_time", "..", "Zürich"])
    assert names["time"] == "time"
    assert len(set(names.values())) == 5
    assert all(name.strip("._") and "/" not in name for name in names.values())
