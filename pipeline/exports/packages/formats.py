"""`verifiers`, `nemo-gym`, `trinity`, `rlfactory`: folders with a task a sample, and the file that plays them.

A task names its sample; requests, tools, user and checker come from `toolweave serve --samples`, which plays it on a
fresh environment. What stands in the lines beside the name is what a framework wants to have before a rollout begins.

Losses: `changing-offer`, samples whose offer of tools changes, where a framework lists tools once; `later-requests`,
samples with more than one message of the user, where a framework has no user.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from toolweave.pipeline.exports.format import Folder, Format, Layout, Lines, Losses, Row, Split, as_text
from toolweave.pipeline.exports.openai import without
from toolweave.pipeline.exports.verl_columns import task_schema

_SERVE = "start `toolweave serve --mcp mcp.json --samples samples.jsonl` of the run first; then see {file}"


@dataclass(frozen=True, slots=True)
class Task:
    """What a framework is told of a sample before it is played."""

    sample: str
    request: str
    """What the user says first."""
    tools: list[Row]
    """Those on offer then."""


def cut_all(row: Row, split: Split, losses: Losses) -> list[Task]:
    """The task of a row."""
    withheld = row["turns"][0].get("withheld", ())
    request = next(message["content"] for message in row["messages"] if message["role"] == "user")
    return [Task(row["id"], request, [tool for tool in row["tools"] if tool["function"]["name"] not in withheld])]


def cut_steady(row: Row, split: Split, losses: Losses) -> list[Task]:
    """The task of a row that offers the same tools throughout."""
    if len({frozenset(turn.get("withheld", ())) for turn in row["turns"]}) > 1:
        losses["changing-offer"] += 1
        return []
    return cut_all(row, split, losses)


def cut_single(row: Row, split: Split, losses: Losses) -> list[Task]:
    """The task of a row in which the user speaks once."""
    if sum(message["role"] == "user" for message in row["messages"]) > 1:
        losses["later-requests"] += 1
        return []
    return cut_steady(row, split, losses)


def _write_bare(task: Task) -> Row:
    return {"sample": task.sample, "request": task.request, "tools": task.tools}


def _read_bare(line: Row) -> Task:
    return Task(line["sample"], line["request"], line["tools"])


def _write_trinity(task: Task) -> Row:
    told = {"task_id": task.sample, "workflow": "toolweave_workflow", "tools": as_text(task.tools)}
    return {"question": task.request, "sample": task.sample, **told}


def _read_trinity(line: Row) -> Task:
    return Task(line["sample"], line["question"], json.loads(line["tools"]))


def _write_nemo(task: Task) -> Row:
    flat = [{"type": "function", **tool["function"], "strict": False} for tool in task.tools]
    asked = [{"role": "user", "content": task.request}]
    return {
        "responses_create_params": {"input": asked, "tools": flat, "parallel_tool_calls": True},
        "sample": task.sample,
        "agent_ref": {"type": "responses_api_agents", "name": "toolweave_env_agent"},
    }


def _read_nemo(line: Row) -> Task:
    given = line["responses_create_params"]
    tools = [{"type": "function", "function": without(tool, "type", "strict")} for tool in given["tools"]]
    return Task(line["sample"], given["input"][0]["content"], tools)


def _write_rlfactory(task: Task) -> Row:
    told = [{"role": "system", "content": as_text(task.tools)}, {"role": "user", "content": task.request}]
    return {
        "data_source": "toolweave",
        "prompt": told,
        "ability": "tool_use",
        "reward_model": {"style": "rule", "ground_truth": task.sample},
        "extra_info": {"sample": task.sample},
    }


def _read_rlfactory(line: Row) -> Task:
    tools, asked = line["prompt"]
    return Task(line["extra_info"]["sample"], asked["content"], json.loads(tools["content"]))


def _rlfactory_columns(arrow: Any) -> Any:
    return task_schema(arrow, {"sample": arrow.string()})


def _package(data: str, sources: dict[str, str]) -> Folder:
    """A folder with the tasks in `data`, and files by path, each a copy of one that stands beside this module."""

    def beside(_: Lines) -> dict[str, str]:
        return {
            path: (files("toolweave.pipeline.exports.packages") / name).read_text(encoding="utf-8")
            for path, name in sources.items()
        }

    return Folder(data, beside)


VERIFIERS = Format(
    "verifiers",
    "verifiers 0.4, as a taskset",
    [Layout(cut_all, _write_bare, _read_bare, ("conversation",))],
    folder=_package(
        "toolweave_env/tasks.jsonl",
        {
            "toolweave_env/__init__.py": "verifiers.py.txt",
            "toolweave_env/client.py": "client.py",
            "pyproject.toml": "verifiers.pyproject.txt",
        },
    ),
    hint=_SERVE.format(file="toolweave_env/__init__.py"),
)
NEMO_GYM = Format(
    "nemo-gym",
    "NeMo Gym, as a resources server",
    [Layout(cut_steady, _write_nemo, _read_nemo, ("conversation",))],
    folder=_package(
        "data/tasks.jsonl",
        {
            "app.py": "nemo_gym.py.txt",
            "toolweave_client.py": "client.py",
            "configs/toolweave_env.yaml": "nemo_gym.yaml.txt",
            "requirements.txt": "nemo_gym.requirements.txt",
        },
    ),
    hint=_SERVE.format(file="app.py"),
)
TRINITY = Format(
    "trinity",
    "Trinity-RFT, as a workflow",
    [Layout(cut_all, _write_trinity, _read_trinity, ("conversation",))],
    folder=_package(
        "tasks/train.jsonl",
        {
            "plugins/toolweave_workflow.py": "trinity.py.txt",
            "plugins/toolweave_client.py": "client.py",
            "explorer.yaml": "trinity.yaml.txt",
        },
    ),
    hint=_SERVE.format(file="plugins/toolweave_workflow.py"),
)
RL_FACTORY = Format(
    "rlfactory",
    "RL-Factory, as an environment",
    [Layout(cut_single, _write_rlfactory, _read_rlfactory, ("conversation",), columns=_rlfactory_columns)],
    folder=_package("tasks.parquet", {"__init__.py": "rlfactory.py.txt", "client.py": "client.py"}),
    hint=_SERVE.format(file="__init__.py"),
)
