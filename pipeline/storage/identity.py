"""What makes two runs the same: their settings, and the contents of the files that these name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolweave.agent.endpoint.prompts import load_prompts
from toolweave.pipeline.settings import RunSettings
from toolweave.pipeline.teachers import OFFLINE
from toolweave.servers.config import load_mcp_config
from toolweave.servers.errors import ConfigError
from toolweave.servers.json_values import as_object, is_object

MOST_DIFFERENCES = 6
_SHORT = 12
"""Characters of a digest that are shown."""


def identity_of(settings: RunSettings) -> dict[str, Any]:
    """Settings and digests, as `settings.json` keeps them and a resumed run must have them.

    Raises:
        ConfigError: A file that the settings name cannot be read.
    """
    prompts = {} if settings.model == OFFLINE else load_prompts(settings.prompts).digests()
    files = {str(path): _digest(path) for path in settings.decontaminate}
    files |= {str(path / "samples.jsonl"): _digest(path / "samples.jsonl") for path in settings.unlike}
    digests = {"servers": load_mcp_config(settings.mcp).digests, "prompts": prompts, "files": files}
    return settings.resolved() | {"digests": digests}


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What has changed, each as `name: old -> new`."""
    found = [f"{name}: {_shown(old)} -> {_shown(new)}" for name, old, new in _differing(before, now, "")]
    more = len(found) - MOST_DIFFERENCES
    return found[:MOST_DIFFERENCES] + ([f"{more} more"] if more > 0 else [])


def _differing(before: Any, now: Any, name: str) -> Iterator[tuple[str, Any, Any]]:
    if before == now:
        return
    if not (is_object(before) and is_object(now)):
        yield name, before, now
        return
    for key in dict.fromkeys([*before, *now]):
        yield from _differing(as_object(before).get(key), as_object(now).get(key), f"{name}.{key}" if name else key)


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    text = str(value)
    return text[:_SHORT] if len(text) == hashlib.sha256().digest_size * 2 else text


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
