"""The texts of a run and the procedures in them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from toolweave.agent.texts.finding import find_procedures
from toolweave.agent.texts.procedures import Procedure
from toolweave.servers.errors import ConfigError

SUFFIXES = (".md", ".markdown", ".txt", ".text", ".rst", "")
"""How the names of texts end that are taken from a folder."""


def text_files(paths: Sequence[Path]) -> list[Path]:
    """The files that were named, and those in folders that were, in order.

    Raises:
        ConfigError: There is no such file, or a folder holds no text.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.is_file() and file.suffix.lower() in SUFFIXES)
            if not inside:
                raise ConfigError(f"{path}: no Markdown or plain text in it")
            found += inside
        elif not path.exists():
            raise ConfigError(f"{path}: there is no such file")
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        ConfigError: It cannot be read, or is no text.
    """
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is no text in UTF-8: Markdown and plain text can be read") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error


def procedures_in(files: Sequence[Path]) -> list[Procedure]:
    """All procedures of some files, in order.

    Raises:
        ConfigError: A file cannot be read.
    """
    return [found for path in files for found in find_procedures(read_text(path), str(path))]


def digests_of(files: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of each file: a resumed run must have the same texts."""
    return {str(path): hashlib.sha256(read_text(path).encode()).hexdigest() for path in files}
