"""The kept samples of a finished or running job, read one by one, and written again without some of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from toolweave.pipeline.sample import Sample
from toolweave.pipeline.storage.store import read_lines
from toolweave.servers.errors import ConfigError, RunError
from toolweave.servers.misfit import first_misfit


def read_samples(directory: Path) -> Iterator[Sample]:
    """The samples of a run directory, in the order of the file.

    Raises:
        ConfigError: There is no `samples.jsonl`, or a line of it is no sample.
    """
    path, number = directory / "samples.jsonl", 0
    try:
        for line in read_lines(path):
            number += 1
            yield Sample.model_validate(line)
    except RunError as error:
        raise ConfigError(f"{error}: give a run directory") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text") from error
    except ValidationError as error:
        raise ConfigError(f"{path}:{number}: no sample: {first_misfit(error)}") from error


def write_without(directory: Path, name: str, dropped: frozenset[int], known: int) -> Path:
    """Copy `samples.jsonl` without some lines to `name` beside it, byte by byte, all of it or nothing.

    Args:
        directory: The run.
        name: Of the new file.
        dropped: Lines to leave out, counted from 0.
        known: How many lines were judged; a file that has grown since is refused.

    Raises:
        RunError: The file cannot be written, or has other lines by now.
    """
    lines = (directory / "samples.jsonl").read_bytes().splitlines(keepends=True)
    if len(lines) != known:
        raise RunError(f"{directory / 'samples.jsonl'} has changed meanwhile: wait until its run has ended")
    _replace(directory / name, b"".join(line for number, line in enumerate(lines) if number not in dropped))
    return directory / name


def write_report(path: Path, report: dict[str, Any]) -> None:
    """Write a report, all of it or nothing.

    Raises:
        RunError: The file cannot be written.
    """
    _replace(path, (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace"))


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RunError(f"{path} cannot be written: {error.strerror or error}") from error
