"""What texts would become: their procedures and the tools that the steps mean; tools are listed, none is called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolweave.agent.texts.aligning import Aligner
from toolweave.agent.texts.matching import Matcher
from toolweave.pipeline.environments import warm_environments
from toolweave.pipeline.from_text.imitation import SERVER, Imitation
from toolweave.pipeline.from_text.reading import by_rule, settled
from toolweave.pipeline.from_text.records import described
from toolweave.pipeline.from_text.texts import procedures_in, text_files
from toolweave.pipeline.running.introspect import introspect
from toolweave.pipeline.settings import RunSettings
from toolweave.servers.config import load_mcp_config
from toolweave.servers.introspect import read_tool


async def preview_texts(files: Sequence[Path], settings: RunSettings, simulate: bool) -> list[dict[str, Any]]:
    """A line for every procedure, as `procedures.jsonl` has it, by rule and by the schemas alone.

    A run tries the tools, so it may find what gives an argument where this does not.

    Raises:
        ToolweaveError: A text cannot be read, or no server starts.
    """
    procedures = procedures_in(text_files(files))
    async with warm_environments() as open_fresh:
        seen = await introspect(load_mcp_config(settings.mcp).servers, open_fresh, strict=settings.strict)
    matcher = Matcher(seen.tools)
    aligner = Aligner(matcher, matcher.box.graph({}))
    meant = by_rule([(procedure, ()) for procedure in procedures], aligner, simulate)
    imitated = Imitation([one.proposals for one in meant])
    own = [read_tool(SERVER, tool) for tool in imitated.tools]
    known = imitated.mapped([one.mapped for one in meant], own)
    asked = [(one.procedure, settled(steps)) for one, steps in zip(meant, known, strict=True)]
    return [described(one.procedure, one.mapped, {SERVER}) for _, one in aligner.align_all(asked)]
