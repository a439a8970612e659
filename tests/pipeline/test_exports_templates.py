"""`--check TEMPLATE`: a template that keeps everything passes, and one that loses anything is refused by name."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from toolweave.pipeline.exports import Options, export
from toolweave.pipeline.exports.calls import next_call
from toolweave.pipeline.storage.jsonl import read_lines
from toolweave.servers.errors import ConfigError, RunError

needs_jinja = pytest.mark.skipif(importlib.util.find_spec("jinja2") is None, reason="jinja2 is not installed")
ROWS = list(read_lines(Path(__file__).with_name("exports_readers") / "rows.jsonl"))
KEEPS = """\
{%- if tools %}
    {{- '<|im_start|>system\n' }}
    {%- for tool in tools %}
        {{- tool | tojson }}
    {%- endfor %}
    {{- '<|im_end|>\n' }}
{%- endif %}
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\n' }}
    {%- if message.role == 'assistant' %}
        {%- generation %}
        {%- if message.reasoning_content %}
            {{- '<think>' + message.reasoning_content + '</think>' }}
        {%- endif %}
        {{- message.content }}
        {%- for call in message.tool_calls or [] %}
            {{- '<tool_call>{"name": "' + call.function.name + '", "arguments": ' }}
            {{- call.function.arguments | tojson }}
            {{- '}</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\n' }}
        {%- endgeneration %}
    {%- else %}
        {{- message.content + '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
{%- endif %}
"""


def checked(template: str, folder: Path, fmt: str = "trl", **options: Any) -> dict[str, int]:
    (folder / "chat.jinja").write_text(template)
    given = Options(check=str(folder / "chat.jinja"), **options)
    return export(lambda: ROWS, fmt, folder / "train.jsonl", given).losses


@needs_jinja
@pytest.mark.parametrize("fmt", ["trl", "axolotl", "dpo", "kto"])
def test_a_template_that_keeps_everything_passes(tmp_path: Path, fmt: str) -> None:
    assert checked(KEEPS, tmp_path, fmt) == {}


@needs_jinja
@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [
        ("{%- for tool in tools %}", "{%- for tool in tools[1:] %}", "the tool find_plot is not listed"),
        ("tool | tojson", "tool.function.name", "the tool find_plot is not listed"),
        ("message.tool_calls or []", "(message.tool_calls or [])[:1]", "the call of water_plot in message 1"),
        ("arguments | tojson", "arguments | string | tojson", "the call of find_plot in message 1"),
        ("{{- message.content }}", "", "the words of message 3"),
        ("{%- if message.reasoning_content %}", "{%- if loop.last %}", "the reasoning of message 1"),
        ("{{- message.content + '<|im", "{{- message.content[:5] + '<|im", "the first words of the user are not there"),
        ("{{- message.content }}", "{{- message.content or 'None' }}", "None appears where nothing is"),
        ("{%- generation %}", "", "Encountered unknown tag|not a chat template|no chat template"),
        ("message.role == 'assistant'", "message.role != 'user'", "stretches are marked as the assistant's own"),
        ("{{- '<|im_end|>\n' }}\n        {%- endgen", "{%- endgen", None),
        (
            "{%- for message in messages %}",
            "{{- raise_exception('no') }}{%- for message in messages %}",
            "refuses it: no",
        ),
        ("{%- if add_generation_prompt %}", "{%- if false %}", None),
        ("'<|im_start|>assistant\n'", "'<|im_start|>assistant\n<think></think>'", "rendered in another way"),
    ],
)
def test_a_template_that_loses_something_is_refused(
    tmp_path: Path, before: str, after: str, missing: str | None
) -> None:
    spoilt = KEEPS.replace(before, after)
    assert spoilt != KEEPS
    if missing is None:
        assert checked(spoilt, tmp_path) == {}
        return
    with pytest.raises((RunError, ConfigError), match=missing):
        checked(spoilt, tmp_path)
    assert not (tmp_path / "train.jsonl").exists()


@needs_jinja
def test_a_template_that_marks_nothing_is_refused_by_who_relies_on_marks(tmp_path: Path) -> None:
    unmarked = KEEPS.replace("{%- generation %}", "").replace("{%- endgeneration %}", "")
    assert checked(unmarked, tmp_path, "axolotl") == {}
    with pytest.raises(RunError, match="marks nothing as the assistant's own"):
        checked(unmarked, tmp_path, "trl")


@needs_jinja
def test_reasoning_of_earlier_turns_survives_when_turns_are_split(tmp_path: Path) -> None:
    forgetful = KEEPS.replace(
        "{%- for message in messages %}",
        "{%- set ns = namespace(asked=0) %}{%- for m in messages %}{%- if m.role == 'user' %}"
        "{%- set ns.asked = loop.index0 %}{%- endif %}{%- endfor %}{%- for message in messages %}",
    ).replace("if message.reasoning_content", "if message.reasoning_content and loop.index0 > ns.asked")
    with pytest.raises(RunError, match=r"the reasoning of message 1 .* --split-turns keeps it"):
        checked(forgetful, tmp_path)
    assert checked(forgetful, tmp_path, split="turn") == {}


@needs_jinja
def test_reasoning_that_may_be_lost_is_counted(tmp_path: Path) -> None:
    thoughtless = KEEPS.replace("{%- if message.reasoning_content %}", "{%- if false %}")
    with pytest.raises(RunError, match="the reasoning of message 1"):
        checked(thoughtless, tmp_path)
    assert checked(thoughtless, tmp_path, allow=frozenset({"reasoning"}))["reasoning"] > 10


@needs_jinja
def test_a_template_is_found_in_a_models_folder(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": KEEPS}))
    assert export(lambda: ROWS, "trl", tmp_path / "o", Options(check=str(tmp_path))).rows == 7
    (tmp_path / "tokenizer_config.json").write_text("{}")
    with pytest.raises(ConfigError, match="has no chat_template"):
        export(lambda: ROWS, "trl", tmp_path / "o", Options(check=str(tmp_path)))


@needs_jinja
def test_a_template_that_is_nowhere_or_no_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no chat template nowhere"):
        export(lambda: ROWS, "trl", tmp_path / "o", Options(check="nowhere"))
    with pytest.raises(ConfigError, match="is no chat template"):
        checked("{% if %}", tmp_path)


def test_formats_that_no_template_renders_say_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sharegpt is not rendered by a chat template"):
        export(lambda: ROWS, "sharegpt", tmp_path / "o", Options("step", check="qwen3"))


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>\n{"name": "f", "arguments": {"a": 1, "b": "x", "c": true}}\n</tool_call>',
        '{"type": "function", "function": {"name": "f", "parameters": {"a": 1, "b": "x", "c": true}}}',
        "<tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\n<parameter=b>\nx\n</parameter>\n"
        "<parameter=c>\nTrue\n</parameter>\n</function>\n</tool_call>",
        "<tool_call>f\n<arg_key>a</arg_key>\n<arg_value>1</arg_value>\n<arg_key>b</arg_key>\n<arg_value>x</arg_value>\n"
        "<arg_key>c</arg_key>\n<arg_value>true</arg_value>\n</tool_call>",
        '<|start|>assistant to=functions.f<|channel|>commentary json<|message|>{"a": 1, "b": "x", "c": true}<|call|>',
        '<\uff5ctool▁call▁begin\uff5c>function<\uff5ctool▁sep\uff5c>f\n```json\n{"a": 1, "b": "x", "c": true}\n```',
        '[TOOL_CALLS]f[ARGS]{"a": 1, "b": "x", "c": true}',
    ],
)
def test_calls_are_read_in_the_ways_that_templates_write_them(text: str) -> None:
    found = next_call(f"some words {text} and more", 0)
    assert found is not None
    assert found.says("f", {"a": 1, "b": "x", "c": True})
    assert not found.says("f", {"a": 2, "b": "x", "c": True})
    assert not found.says("f", {"a": 1, "b": "x"})
    assert not found.says("g", {"a": 1, "b": "x", "c": True})
    assert next_call(f"some words {text}", found.end) is None
