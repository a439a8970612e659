"""Run in an environment with Trinity-RFT: plays a `trinity` export with its own reader, workflow and model.

    TOOLWEAVE_URL=… python play_trinity.py FOLDER ENDPOINT

FOLDER is the export, ENDPOINT an OpenAI-compatible address that answers with tokens (`gold_endpoint.py`); it takes the
place of the inference engine. A line for each task goes to stdout: sample, reward, number of experiences and of tokens.
Where vllm is not installed, five names of it that Trinity imports for images are stood in for.
"""

from __future__ import annotations

import asyncio
import json
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

VLLM = {
    "vllm": (),
    "vllm.config": ("ModelConfig",),
    "vllm.entrypoints": (),
    "vllm.entrypoints.chat_utils": (
        "ChatTemplateContentFormat",
        "ConversationMessage",
        "parse_chat_messages",
        "parse_chat_messages_async",
    ),
    "vllm.inputs": ("MultiModalDataDict",),
}
"""Module → names that are never used for text."""


def stand_in_for_vllm() -> None:
    """Make its names importable."""
    for module, names in VLLM.items():
        sys.modules[module] = ModuleType(module)
        for name in names:
            setattr(sys.modules[module], name, object)


def tasks_of(folder: Path) -> Any:
    """The tasks, through Trinity's reader of files."""
    config = import_module("trinity.common.config")
    lines = sum(1 for _ in (folder / "tasks" / "train.jsonl").open(encoding="utf-8"))
    taskset = config.TasksetConfig(
        name="toolweave",
        storage_type="file",
        path=str(folder / "tasks"),
        format=config.FormatConfig(prompt_key="question", workflow_key="workflow"),
        batch_size=lines,
        default_workflow_type="toolweave_workflow",
    )
    return import_module("trinity.buffer.buffer").get_buffer_reader(taskset).read()


def model(endpoint: str) -> Any:
    """Trinity's wrapper of a model behind an address."""
    config = import_module("trinity.common.config").InferenceModelConfig(
        model_path="gold", engine_type="external", enable_openai_api=True, enable_history=True
    )
    wrapper = import_module("trinity.common.models.model").ModelWrapper
    return wrapper(models=[], config=config, api_address=endpoint.removesuffix("/v1"))


async def main(folder: Path, endpoint: str) -> None:
    """See the top of the file."""
    wrapper = model(endpoint)
    await wrapper.prepare()
    for task in await tasks_of(folder):
        await wrapper.clean_workflow_state()
        found = await task.to_workflow(wrapper, []).run_async()
        rewards = {experience.reward for experience in found}
        tokens = sum(len(experience.tokens) for experience in found)
        told = {"sample": task.raw_task["sample"], "rewards": sorted(rewards), "experiences": len(found)}
        sys.stdout.write(json.dumps(told | {"tokens": tokens}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if find_spec("vllm") is None:
        stand_in_for_vllm()
    import_module("trinity.utils.plugin_loader").load_plugin_from_dirs([str(Path(sys.argv[1]) / "plugins")])
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
