"""`bfcl`: a folder with multi-turn entries for `bfcl-eval`, and the bundled worlds as its backends.

An entry is a conversation of one sample. Servers that cannot live in the checker's process are refused by name
(`server-NAME`): there is only what a `python -m` of a bundled world names. Before a row is written, its calls are
made on these backends and have to answer what the conversation shows (`backend-differs`).

Further losses: `tool-offers`, tools on offer that no backend has, or whose offer changes in a way that entries cannot
say (they can only add tools later, at a turn without words); `words-at-unlock`, what the user says in such a turn;
`tool-names`, calls that cannot be written as Python.
"""

from __future__ import annotations

from collections.abc import Sequence

from toolweave.pipeline.exports.bfcl_calls import as_python, is_sayable, parsed
from toolweave.pipeline.exports.bfcl_entry import Entry, Turn, entry_of, takes_back, turns_of
from toolweave.pipeline.exports.bfcl_files import beside
from toolweave.pipeline.exports.bfcl_worlds import Stage, with_worlds
from toolweave.pipeline.exports.format import Folder, Format, Layout, Losses, Row, Split


def cut(row: Row, split: Split, losses: Losses) -> list[Entry]:
    """The entry of a row, if it can be one."""
    if foreign := {call["server"] for call in row["checker"]["calls"]} - row["worlds"].keys():
        losses.update(f"server-{name}" for name in sorted(foreign))
        return []
    turns, stage = turns_of(row), Stage.of(row)
    if problem := _problem(row, turns, stage):
        losses[problem] += 1
        return []
    return [entry_of(row, turns, stage, losses)]


def _problem(row: Row, turns: Sequence[Turn], stage: Stage) -> str:
    """The loss because of which a row is no entry, or nothing."""
    made = [each for turn in turns for each in turn.made]
    if stage.has_namesakes or _renames(row) or not all(is_sayable(call) for call, _ in made):
        return "tool-names"
    if takes_back(turns):
        return "tool-offers"
    return "" if stage.shows(made) else "backend-differs"


def _renames(row: Row) -> bool:
    """Whether a call goes by another name than the tool's own."""
    names = {call["id"]: call["tool"] for call in row["checker"]["calls"] if not call["fails"]}
    made = [call for message in row["messages"] for call in message.get("tool_calls", ())]
    return any(names.get(call["id"], call["function"]["name"]) != call["function"]["name"] for call in made)


def _write(entry: Entry) -> Row:
    return {
        "id": entry.name,
        "question": [[{"role": "user", "content": text} for text in words] for words in entry.words],
        "initial_config": entry.worlds,
        "path": entry.path,
        "involved_classes": list(entry.worlds),
        "excluded_function": Stage(entry.worlds).unoffered(entry.offered),
        **({"missed_function": entry.added} if entry.added else {}),
        "offered": entry.offered,
        "ground_truth": [[as_python(call) for call in calls] for calls in entry.calls],
    }


def _read(line: Row) -> Entry:
    return Entry(
        line["id"],
        [[message["content"] for message in messages] for messages in line["question"]],
        [[parsed(text) for text in texts] for texts in line["ground_truth"]],
        line["initial_config"],
        line["offered"],
        line.get("missed_function", {}),
        line["path"],
    )


FORMAT = Format(
    "bfcl",
    "bfcl-eval's multi-turn checker, with the bundled worlds as backends",
    [Layout(cut, _write, _read, ("conversation",))],
    rows=with_worlds,
    folder=Folder("questions.jsonl", beside),
    accepted=frozenset({"words-at-unlock"}),
    hint="import backends and call backends.register() in the folder before the checker runs",
)
