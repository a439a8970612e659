"""Rows that were spoilt throughout: the conversation, the checker and the sources tell the same wrong thing."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator

from spoilt_rows import Row, calls_of, cut, expected, leaves, nudged, put, right_calls, shown


def forged_value(row: Row, rng: random.Random) -> Row | None:
    """What the user says is another value everywhere: in the request, the call, the checker and the source."""
    spoken = [item for item in row["provenance"] if item["source"]["kind"] == "user"]
    spoken = [item for item in spoken if len(item["source"]["text"]) > 2 or item["source"]["text"].isdigit()]
    if not spoken:
        return None
    item = rng.choice(spoken)
    old = item["source"]["text"]
    value = dict(leaves(expected(row, item["call"])["arguments"])).get(item["argument"])
    if value is None or str(value) != old:
        return None
    text = json.dumps({key: row[key] for key in ("messages", "checker", "provenance")}, ensure_ascii=False)
    made = [one for one in row["messages"] if one["role"] == "tool"]
    new = nudged(value)
    if isinstance(value, str):
        row.update(json.loads(re.sub(rf"(?<!\w){re.escape(json.dumps(old)[1:-1])}(?!\w)", str(new), text)))
    else:
        return None
    for before, after in zip(made, [one for one in row["messages"] if one["role"] == "tool"], strict=True):
        after["content"] = before["content"]
    return row


def forged_drop(row: Row, rng: random.Random) -> Row | None:
    """A call that gives no other a value was never made and never expected."""
    givers = {origin["call"] for call in row["checker"]["calls"] for origin in call["taken"].values()}
    givers |= {origin["call"] for read in row["checker"]["state"] for origin in read["taken"].values()}
    idle = [call["id"] for call in right_calls(row) if call["id"] not in givers]
    if len(right_calls(row)) < 2 or not idle:
        return None
    gone = rng.choice(idle)
    cut(row, gone)
    row["checker"]["calls"] = [call for call in row["checker"]["calls"] if call["id"] != gone]
    for call in row["checker"]["calls"]:
        call["after"] = [name for name in call["after"] if name != gone]
        call["enables"] = [name for name in call["enables"] if name != gone]
    row["provenance"] = [item for item in row["provenance"] if item["call"] != gone]
    return row


def forged_observation(row: Row, rng: random.Random) -> Row | None:
    """A number that came back is another one in all the row."""
    texts = [one["content"] for one in row["messages"] if one["role"] == "tool"]
    numbers = sorted({n for text in texts for n in re.findall(r"(?<![\w.])\d{2,}(?![\w.])", text)})
    if not numbers:
        return None
    number = rng.choice(numbers)
    parts = {key: row[key] for key in ("messages", "checker", "provenance")}
    text = re.sub(rf"(?<![\w.]){number}(?![\w.])", str(int(number) + 1), json.dumps(parts, ensure_ascii=False))
    try:
        row.update(json.loads(text))
    except ValueError:
        return None
    return row


def forged_parameter(row: Row, rng: random.Random) -> Row | None:
    """A call carries a parameter that the row's own schema lists and the server has not."""
    call = rng.choice(right_calls(row))
    tool = next(t["function"] for t in row["tools"] if t["function"]["name"] == call["function"]["name"])
    tool["parameters"].setdefault("properties", {})["priority"] = {"type": "string", "const": "high"}
    call["function"]["arguments"]["priority"] = "high"
    expected(row, call["id"])["arguments"]["priority"] = "high"
    source = {"call": call["id"], "argument": "/priority", "source": {"kind": "const"}}
    row["provenance"].append(source)
    return row


def forged_name(row: Row, rng: random.Random) -> Row | None:
    """A tool has another name wherever a model sees it."""
    name = rng.choice(right_calls(row))["function"]["name"]
    parts = {key: row[key] for key in ("messages", "tools", "turns")} | {"reads": row["checker"]["reads"]}
    made = json.loads(json.dumps(parts).replace(json.dumps(name), json.dumps(f"{name}_now")))
    row["checker"]["reads"] = made.pop("reads")
    row.update(made)
    return row


def forged_schema(row: Row, rng: random.Random) -> Row | None:
    """A called tool says of itself what its server does not say."""
    name = rng.choice(right_calls(row))["function"]["name"]
    tool = next(t["function"] for t in row["tools"] if t["function"]["name"] == name)
    tool["description"] = f"{tool.get('description', '')} Free of charge on weekends."
    return row


def forged_distractor(row: Row, rng: random.Random) -> Row | None:
    """A tool is on offer that no server has."""
    tool = copy.deepcopy(rng.choice(row["tools"]))
    tool["function"]["name"] += "_in_bulk"
    row["tools"].append(tool)
    return row


def forged_repeat(row: Row, rng: random.Random) -> Row | None:
    """A call that changes something is made and expected twice."""
    changing = [c for c in right_calls(row) if c["function"]["name"] not in row["checker"]["reads"]]
    if not changing:
        return None
    call = copy.deepcopy(rng.choice(changing))
    old, call["id"] = call["id"], "call_again"
    at = row["messages"].index(shown(row, old))
    while row["messages"][at + 1]["role"] == "tool":
        at += 1
    step = {"role": "assistant", "content": "", "reasoning_content": "Once more.", "tool_calls": [call]}
    row["messages"][at + 1 : at + 1] = [step, shown(row, old) | {"tool_call_id": "call_again"}]
    for turn in row["turns"]:
        turn["messages"] = [one + 2 if one > at else one for one in turn["messages"]]
        turn["masked"] = [one + 2 if one > at else one for one in turn["masked"]]
    twin = copy.deepcopy(expected(row, old)) | {"id": "call_again", "after": [*expected(row, old)["after"], old]}
    order = [c["id"] for c in calls_of(row)]
    row["checker"]["calls"] = sorted([*row["checker"]["calls"], twin], key=lambda one: order.index(one["id"]))
    row["provenance"] += [item | {"call": "call_again"} for item in row["provenance"] if item["call"] == old]
    return row


def forged_entry(row: Row, rng: random.Random) -> Row | None:
    """An id is that of the next entry of the list that it was taken from, in the call, the checker and the source."""
    for call in rng.sample(row["checker"]["calls"], len(row["checker"]["calls"])):
        for place, origin in call["taken"].items():
            try:
                value = json.loads(shown(row, origin["call"])["content"])
            except ValueError:
                continue
            found = dict(leaves(value))
            for other in _neighbours(origin["place"]):
                if other in found and found[other] != found.get(origin["place"]):
                    new = found[other]
                    old_id = call["id"]
                    put(call["arguments"], place, new)
                    put(next(c for c in calls_of(row) if c["id"] == old_id)["function"]["arguments"], place, new)
                    source = next(p for p in row["provenance"] if (p["call"], p["argument"]) == (old_id, place))
                    origin["place"] = source["source"]["place"] = other
                    return row
    return None


def _neighbours(place: str) -> Iterator[str]:
    for number in re.finditer(r"(?<=/)\d+(?=/|$)", place):
        for step in (1, -1):
            if int(number.group(0)) + step >= 0:
                yield f"{place[: number.start()]}{int(number.group(0)) + step}{place[number.end() :]}"


def forged_success(row: Row, rng: random.Random) -> Row | None:
    """A call that the server refused is shown, expected and learnt as one that worked."""
    slips = [call for call in row["checker"]["calls"] if call["fails"]]
    if not slips:
        return None
    call = rng.choice(slips)
    call["fails"] = False
    shown(row, call["id"])["content"] = '{"status": "done"}'
    for turn in row["turns"]:
        if turn["kind"] == "error_recovery":
            turn.update(kind="base", masked=[])
    return row


def forged_state(row: Row, rng: random.Random) -> Row | None:
    """The final state is asserted to be another one."""
    reads = [read for read in row["checker"]["state"] if read["holds"]]
    if not reads:
        return None
    holds = rng.choice(reads)["holds"]
    place = rng.choice(sorted(holds))
    holds[place] = nudged(holds[place]) if isinstance(holds[place], (str, int, float)) and holds[place] else "other"
    return row


def forged_id(row: Row, rng: random.Random) -> Row | None:
    """An id that a server made up is another one in all the row."""
    texts = [one["content"] for one in row["messages"] if one["role"] == "tool"]
    ids = sorted({found for text in texts for found in re.findall(r"\b[A-Z]{2}-\d{3,}\b", text)})
    if not ids:
        return None
    chosen = rng.choice(ids)
    parts = {key: row[key] for key in ("messages", "checker", "provenance")}
    row.update(json.loads(re.sub(rf"\b{chosen}\b", nudged(chosen), json.dumps(parts, ensure_ascii=False))))
    return row


def forged_moved(row: Row, rng: random.Random) -> Row | None:
    """The first call of a turn, one that may change something, is made at the end of the turn before."""
    for number in range(1, len(row["turns"])):
        first, last = row["turns"][number]["messages"]
        before = row["turns"][number - 1]
        step = row["messages"][first + 1 : first + 3]
        alone = len(step) == 2 and len(step[0].get("tool_calls") or ()) == 1 and last - first > 3
        if not alone or before["kind"] in ("irrelevant", "missing_function"):
            continue
        if step[0]["tool_calls"][0]["function"]["name"] in row["checker"]["reads"]:
            continue  # to look a turn earlier is allowed
        end = before["messages"][1]
        del row["messages"][first + 1 : first + 3]
        row["messages"][end:end] = step
        before["messages"][1] += 2
        row["turns"][number]["messages"][0] += 2
        moved = row["turns"][number]
        moved["masked"] = [at for at in moved["masked"] if at != first + 1]
        return row
    return None
