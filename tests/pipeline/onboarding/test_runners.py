"""Which package a command that downloads one means."""

from __future__ import annotations

import pytest

from toolweave.pipeline.onboarding.runners import package_behind


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("npx -y @scope/server --root .", "npm:@scope/server --root ."),
        ("npx @scope/server@latest", "npm:@scope/server"),
        ("/usr/bin/npx --yes server@1.2.0", "npm:server@1.2.0"),
        ("uvx some-server --flag", "pypi:some-server --flag"),
        ("uvx some-server@1.2", "pypi:some-server==1.2"),
        ("uv tool run some-server", "pypi:some-server"),
        ("uvx --from pkg program", None),
        ("uv run server.py", None),
        ("python -m server", None),
        ("npx", None),
        ("", None),
    ],
)
def test_the_package_behind_a_runner_is_named(line: str, expected: str | None) -> None:
    assert package_behind(line.split()) == (expected and expected.split())
