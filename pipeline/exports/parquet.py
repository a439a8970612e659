"""`parquet`: the shapes of `trl` as a parquet file for `datasets`.

Messages and tools are columns of lists of `arrow.json`, which `datasets` 4.7 and later decode to the very objects:
nothing is merged into structs, so no key of one object turns up as a null in another. Older versions show JSON text.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from toolweave.pipeline.exports import trl
from toolweave.pipeline.exports.format import Format, Layout, Row, as_text

UnitT = TypeVar("UnitT")


def _as_parquet(layout: Layout[UnitT], *names: str) -> Layout[UnitT]:
    """A layout whose values are lists of objects, with a column for each of them."""

    def write(unit: UnitT) -> Row:
        return {name: [as_text(item) for item in value] for name, value in layout.write(unit).items()}

    def read(line: Row) -> UnitT:
        return layout.read({name: [json.loads(item) for item in value] for name, value in line.items()})

    def columns(arrow: Any) -> Any:
        return arrow.schema([(name, arrow.list_(arrow.field("element", arrow.json_()))) for name in names])

    return Layout(layout.cut, write, read, layout.splits, layout.chats, columns)


FORMAT = Format(
    "parquet",
    "datasets, and TRL with it",
    [_as_parquet(trl.WHOLE, "messages", "tools"), _as_parquet(trl.COMPLETIONS, "prompt", "completion", "tools")],
    hint=trl.FORMAT.hint,
)
