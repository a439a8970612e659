"""What makes two runs the same: their settings, and the contents of the files that these name."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from toolweave.agent.endpoint.prompts import load_prompts
from toolweave.pipeline.evaluation.weakness import trials_of
from toolweave.pipeline.settings import RunSettings
from toolweave.pipeline.teachers import OFFLINE
from toolweave.servers.config import load_mcp_config
from toolweave.servers.errors import ConfigError


def identity_of(settings: RunSettings) -> dict[str, Any]:
    """Settings and digests, as `settings.json` keeps them and a resumed run must have them.

    Raises:
        ConfigError: A file that the settings name cannot be read.
    """
    alone = settings.model == OFFLINE and settings.judge is None and not settings.roles
    prompts = {} if alone else load_prompts(settings.prompts).digests()
    files = {str(path): _digest(path) for path in settings.decontaminate}
    files |= {str(path / "samples.jsonl"): _digest(path / "samples.jsonl") for path in settings.unlike}
    files |= {str(settings.weak): _digest(trials_of(settings.weak))} if settings.weak is not None else {}
    files |= {str(settings.judge): _digest(settings.judge)} if settings.judge is not None else {}
    digests = {"servers": load_mcp_config(settings.mcp).digests, "prompts": prompts, "files": files}
    return settings.resolved() | {"digests": digests}


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
