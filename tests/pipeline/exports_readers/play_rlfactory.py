"""Run where RL-Factory is importable: plays an `rlfactory` export in its `Env`, as the samples' own assistant would.

    TOOLWEAVE_URL=… PYTHONPATH=CHECKOUT python play_rlfactory.py SAMPLES TEMPLATE [--idle]

The export stands in the checkout as envs/toolweave_env. No trainer runs: what it would hand to the environment is made
here, text by text and then as the tensors of a `DataProto`. A line for each task goes to stdout: sample and reward.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import byte_tokenizer  # type: ignore[import-not-found]  # beside this file

Row = dict[str, Any]
SETTINGS = {
    "max_turns": 16,
    "max_prompt_length": 10**7,
    "config_path": None,
    "enable_limiter": False,
    "enable_thinking": False,
}


def said_by(sample: Row, idle: bool) -> list[str]:
    """What the assistant says, step by step, as Qwen writes it."""
    if idle:
        return ["Done.<|im_end|>"]
    return [_text(message) for message in sample["messages"] if message["role"] == "assistant"]


def _text(message: Row) -> str:
    calls = [json.dumps(_bare(call["function"])) for call in message.get("tool_calls", ())]
    words: str = message["content"]
    return words + "".join(f"<tool_call>\n{call}\n</tool_call>" for call in calls) + "<|im_end|>"


def _bare(function: Row) -> Row:
    return {"name": function["name"], "arguments": function["arguments"]}


def play(env: Any, row: Row, said: list[str], tokenizer: Any) -> float:
    """Say it all in one rollout; the reward."""
    text = ""
    for each in said:
        (seen,), (done,), _, _ = env.step([each.removesuffix("<|im_end|>")], tokenizer)
        text += each.removesuffix("<|im_end|>") + ("<|im_end|>" if done else seen)
        if done:
            break
    ((reward,),) = env._compute_score_with_rules(_data(env, row, text, tokenizer), tokenizer)
    return float(reward)


def _data(env: Any, row: Row, text: str, tokenizer: Any) -> Any:
    """A batch of one, as RL-Factory's trainer makes it."""
    torch, numpy = import_module("torch"), import_module("numpy")
    prompt = env.tool_manager.get_prompt([dict(message) for message in row["prompt"]], tokenizer)
    prompts, responses = (torch.tensor([tokenizer.encode(part)]) for part in (prompt, text))
    mask = torch.ones(1, prompts.shape[1] + responses.shape[1], dtype=torch.long)
    told = numpy.empty(1, dtype=object)
    told[0] = row["extra_info"]
    return import_module("verl").DataProto.from_dict(
        {"prompts": prompts, "responses": responses, "attention_mask": mask}, {"extra_info": told}
    )


def main(samples: Path, template: str, idle: bool) -> None:
    """See the top of the file."""
    package = import_module("envs.toolweave_env")
    tokenizer = byte_tokenizer.make(template)
    known = {row["id"]: row for row in map(json.loads, samples.read_text(encoding="utf-8").splitlines())}
    tasks = import_module("pandas").read_parquet(Path(str(package.__file__)).with_name("tasks.parquet"))
    for row in tasks.to_dict("records"):
        env = package.ToolweaveEnv(import_module("omegaconf").OmegaConf.create(SETTINGS))
        sample = row["extra_info"]["sample"]
        reward = play(env, row, said_by(known[sample], idle), tokenizer)
        sys.stdout.write(json.dumps({"sample": sample, "reward": reward}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], "--idle" in sys.argv)
