"""The prompt files: one per role, the same for every ask, replaceable one by one, known by digest.

A prompt holds no slots: what varies, and everything that a server said, is sent beside it as data in the user's role.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from toolweave.servers.errors import ConfigError

NAMES = ("tooling", "query", "user", "step", "critique", "value", "judge", "refine", "read_text", "map_steps", "again")
"""The roles' prompts, and what is said about a reply that cannot be used."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """The texts in use."""

    texts: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    def digests(self) -> dict[str, str]:
        """SHA-256 of each text, by name; changes when a prompt changes."""
        return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in self.texts.items()}


def load_prompts(folder: Path | None = None) -> Prompts:
    """The bundled prompts, those replaced for which `folder` holds a file of the same name.

    Raises:
        ConfigError: The folder cannot be read, holds a file of no prompt's name, or an empty one.
    """
    texts = {name: files("toolweave.agent.prompts").joinpath(f"{name}.md").read_text("utf-8") for name in NAMES}
    return Prompts(MappingProxyType(texts | ({} if folder is None else _own(folder))))


def _own(folder: Path) -> dict[str, str]:
    try:
        if not folder.is_dir():
            raise ConfigError(f"{folder} is no folder of prompts")
        return {path.stem: _read(path) for path in sorted(folder.glob("*.md"))}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{folder}: cannot be read as prompts ({error})") from error


def _read(path: Path) -> str:
    if path.stem not in NAMES:
        close = difflib.get_close_matches(path.stem, NAMES, 1)
        hint = f"; did you mean {close[0]}.md?" if close else ""
        raise ConfigError(f"{path}: no prompt has that name ({', '.join(NAMES)}){hint}")
    text = path.read_text("utf-8")
    if not text.strip():
        raise ConfigError(f"{path}: the prompt is empty")
    return text
