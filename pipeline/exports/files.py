"""Files of an export: JSONL, or parquet where a format has columns."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from toolweave.pipeline.exports.format import Row
from toolweave.pipeline.storage.jsonl import write_whole
from toolweave.servers.errors import ConfigError, RunError
from toolweave.servers.json_values import as_object

_BATCH = 256
"""Lines of a parquet row group."""
Columns = Callable[[Any], Any] | None


def write_file(path: Path, lines: Iterable[Row], columns: Columns) -> None:
    """Write the lines, and see to it that they are on the disk.

    Raises:
        OSError: The file cannot be written.
        ConfigError: Parquet is wanted, and pyarrow is not installed.
    """
    if columns is None:
        with path.open("wb") as file:
            for line in lines:
                file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return
    arrow = _arrow()
    rest, schema = iter(lines), columns(arrow)
    stored = arrow.schema([(field.name, _stored(arrow, field.type)) for field in schema])
    with _arrow("pyarrow.parquet").ParquetWriter(str(path), schema) as writer:
        while batch := list(islice(rest, _BATCH)):
            writer.write_table(arrow.Table.from_pylist(batch, schema=stored).cast(schema))


def read_file(path: Path, columns: Columns) -> Iterator[Row]:
    """The lines of a file that `write_file` wrote.

    Raises:
        OSError: The file cannot be read.
    """
    if columns is None:
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
        return
    with _arrow("pyarrow.parquet").ParquetFile(str(path)) as file:
        for batch in file.iter_batches(_BATCH):
            yield from batch.to_pylist()


def _stored(arrow: Any, kind: Any) -> Any:
    """The type that Python values can be turned into: lists of JSON as lists of text."""
    is_json = arrow.types.is_list(kind) and isinstance(kind.value_type, arrow.BaseExtensionType)
    return arrow.list_(kind.value_type.storage_type) if is_json else kind


def _arrow(module: str = "pyarrow") -> Any:
    """A module of pyarrow.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigError("parquet files need pyarrow: pip install 'pyarrow>=19'") from error


def merge_json(path: Path, keys: Row) -> None:
    """Set keys of the object in a JSON file, which is made if it is not there.

    Raises:
        OSError: The file cannot be read.
        RunError: It holds something else, or cannot be written.
    """
    before: object = {}
    try:
        if path.exists():
            before = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RunError(f"{path} is not JSON: move it away, or write to another folder") from error
    write_whole(path, json.dumps(as_object(before) | keys, indent=2, ensure_ascii=False) + "\n")
