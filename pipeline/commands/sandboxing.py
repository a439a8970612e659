"""Whether the servers of an `mcp.json` are kept in a sandbox: demanded, or told where they are not."""

from __future__ import annotations

from pathlib import Path

from toolweave.pipeline import console
from toolweave.servers.config import load_mcp_config
from toolweave.servers.sandbox import require_sandbox, unprotected


def heed_sandbox(mcp: Path, required: bool) -> None:
    """Refuse servers outside a sandbox, or say which ones are.

    Raises:
        ToolweaveError: `required`, and one would run without; or the file cannot be read.
    """
    servers = load_mcp_config(mcp).servers
    if required:
        require_sandbox(servers)
    reasons: dict[str, list[str]] = {}
    for name, reason in unprotected(servers).items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        console.say(
            f"not in a sandbox, so with all your rights on files and network: {', '.join(names)} ({reason}); "
            "--require-sandbox refuses, SECURITY.md tells what else is done"
        )
