"""The formats by name; a new one is a module and a line here."""

from __future__ import annotations

import difflib
from typing import Any

from toolweave.pipeline.exports import (
    axolotl,
    bfcl,
    chatml,
    dpo,
    hermes,
    llamafactory,
    openai,
    parquet,
    sharegpt,
    trl,
    verl,
    verl_rl,
)
from toolweave.pipeline.exports.format import Format
from toolweave.pipeline.exports.packages import formats as packages
from toolweave.pipeline.plugins import load_part, part_names
from toolweave.servers.errors import ConfigError

FORMATS: dict[str, Format[Any]] = {
    item.name: item
    for item in (
        openai.FORMAT,
        trl.FORMAT,
        dpo.DPO,
        dpo.KTO,
        sharegpt.FORMAT,
        llamafactory.DPO,
        llamafactory.KTO,
        hermes.FORMAT,
        chatml.FORMAT,
        axolotl.FORMAT,
        parquet.FORMAT,
        verl.FORMAT,
        verl_rl.FORMAT,
        bfcl.FORMAT,
        packages.VERIFIERS,
        packages.NEMO_GYM,
        packages.TRINITY,
        packages.RL_FACTORY,
    )
}


def find_format(name: str) -> Format[Any]:
    """The format of this name.

    Raises:
        ConfigError: There is none.
    """
    if name in FORMATS:
        return FORMATS[name]
    if name in part_names("exporters"):
        found: Format[Any] = load_part("exporters", name)
        if not isinstance(found, Format):  # pyright: ignore[reportUnnecessaryIsInstance] - another package says so
            raise ConfigError(f"exporters: {name!r} is {type(found).__name__}, and not a Format")
        return found
    close = difflib.get_close_matches(name, FORMATS, 1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise ConfigError(f"{name!r} is no export format: choose one of {', '.join(sorted(FORMATS))}{hint}")
