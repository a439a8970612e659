"""The formats by name; a new one is a module and a line here."""

from __future__ import annotations

import difflib

from toolweave.pipeline.exports import openai, trl
from toolweave.pipeline.exports.format import Format
from toolweave.servers.errors import ConfigError

FORMATS: dict[str, Format] = {item.name: item for item in (openai.FORMAT, trl.FORMAT)}


def find_format(name: str) -> Format:
    """The format of this name.

    Raises:
        ConfigError: There is none.
    """
    if name in FORMATS:
        return FORMATS[name]
    close = difflib.get_close_matches(name, FORMATS, 1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise ConfigError(f"{name!r} is no export format: choose one of {', '.join(sorted(FORMATS))}{hint}")
