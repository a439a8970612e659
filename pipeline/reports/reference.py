"""Reference pages, generated from the types: the format of a sample, settings of a run, and the command line.

`python -m toolweave.pipeline.reports.reference` writes them into `docs/reference/`; a test keeps them true.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from toolweave.agent.replay import ExpectedCall, Origin
from toolweave.pipeline.reports.command_page import command_page
from toolweave.pipeline.sample import (
    FORMAT,
    Checker,
    Composite,
    Fact,
    FileState,
    Provenance,
    Quality,
    Sample,
    ServerRecord,
    StateRead,
    Turn,
)
from toolweave.pipeline.settings import Pace, RunSettings
from toolweave.servers.spec import ServerOptions

ATTRIBUTE = re.compile(r'^    (\w+): .*\n((?:        .*\n|    \).*\n)*?)    """((?:.|\n)*?)"""', re.MULTILINE)


def sample_page() -> str:
    """The format of a line of `samples.jsonl`."""
    models = (
        Sample,
        Turn,
        Composite,
        Provenance,
        Checker,
        ExpectedCall,
        Origin,
        StateRead,
        FileState,
        Fact,
        ServerRecord,
        Quality,
    )
    return "\n".join((f"# The sample format `{FORMAT}`", "", _GENERATED, "", *_sections(models)))


def settings_page() -> str:
    """Settings of a run and of a server."""
    models = (RunSettings, Pace, ServerOptions)
    return "\n".join(("# Settings", "", _GENERATED, "", *_sections(models)))


_GENERATED = "Generated from the types by `python -m toolweave.pipeline.reports.reference`; do not edit."


def _sections(models: tuple[type[BaseModel], ...]) -> Iterator[str]:
    for model in models:
        yield f"## {model.__name__}"
        yield ""
        yield inspect.cleandoc(model.__doc__ or "")
        yield ""
        yield "| field | type | default | meaning |"
        yield "|---|---|---|---|"
        yield from _fields(model)
        yield ""


def _fields(model: type[BaseModel]) -> Iterator[str]:
    meanings = {name: " ".join(text.split()) for name, _, text in ATTRIBUTE.findall(inspect.getsource(model))}
    for name, field in model.model_fields.items():
        kind = str(model.__annotations__[name]).replace("|", "\\|")
        default = "required" if field.is_required() else f"`{field.get_default(call_default_factory=True)!r}`"
        yield f"| `{name}` | `{kind}` | {default} | {meanings.get(name, '')} |"


def main() -> None:
    """Write the pages."""
    folder = Path("docs/reference")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sample-format.md").write_text(sample_page(), encoding="utf-8")
    (folder / "settings.md").write_text(settings_page(), encoding="utf-8")
    (folder / "command-line.md").write_text(command_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
