"""Twins and benchmark questions planted among rows: how many are found, what is found wrongly, how fast.

    .venv/bin/python benchmarks/duplicates.py [--samples RUN/samples.jsonl …] [-n 500] [--seed 1]

Rows are made from real samples: one to three are joined to a longer conversation, every value that a user gave is drawn
anew where it stands in the request as it does in the call, and openings change. No two rows get the same samples with
the same values. Then are planted, each kind apart from the others:

- twins of rows (5%): exact, other style, other words, fresh ids, one of many values changed;
- benchmark questions, invented here: 20 near-verbatim (case, punctuation, numbers, something before and after), 20
  paraphrased by rule (synonyms, clauses in another order, fillers dropped); tools and distinctive values of its rows.

A false alarm is a row that was not planted and is named all the same. The paraphrase rule is shown at several
thresholds, beside the share of paraphrases that runs of 13 words find alone.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import re
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from toolweave.agent.patterns import get, put_at
from toolweave.pipeline.contamination.benchmark import BenchmarkRow
from toolweave.pipeline.contamination.constants import constants_in
from toolweave.pipeline.contamination.paraphrase import THRESHOLD, ParaphraseIndex
from toolweave.pipeline.contamination.screen import Screen
from toolweave.pipeline.contamination.shapes import shape
from toolweave.pipeline.contamination.wording import WordingIndex
from toolweave.pipeline.duplicates import Candidate, Twins, Weeder, candidate, signature
from toolweave.pipeline.sample import Sample

Row = dict[str, Any]

OPENINGS = """Morning!|Quick one:|When you get to it,|I was told you can help.|Back again.|No hurry with this.|Hey,|
For our records,|My colleague is away, so|Right then.|Could you do this for me?|Last thing before lunch:""".split("|")
SYLLABLES = "bar cor dal fen gil hom jor kel lum mir nor pel quin ros sul tam ven wil yar zel".split()
SYNONYMS = {
    "find": "look up", "show": "display", "list": "go through", "get": "fetch", "book": "reserve", "create": "set up",
    "order": "purchase", "cancel": "call off", "send": "dispatch", "check": "verify", "first": "to begin with",
    "after": "once done with", "new": "fresh", "please": "kindly", "want": "wish", "need": "have", "move": "shift",
    "write": "compose", "add": "insert", "change": "alter", "whole": "entire", "cheapest": "least expensive",
    "tell": "let me know about", "every": "each", "remind": "nudge", "compare": "weigh", "start": "begin",
}  # fmt: skip
FILLERS = frozenset("please just really then also so that kindly the a an all".split())
QUESTION_TEXTS = """The lantern festival needs 40 paper boats by Thursday, so order the folding kits from the harbour
stall and send me the bill|
Rotate the telescope on the north roof toward the crab nebula, take 12 exposures and store them under the
night's folder|
My bakery ran out of rye flour; find the cheapest mill within 30 miles and book a delivery before the weekend
market|
Compare the insulation of the two tent models in my basket and tell me which one survives a storm at 9 degrees|
Please move the chess club's meeting to the attic room and remind every member who has not paid the yearly fee|
Translate the plaque at the old ferry landing into Welsh, then print 3 copies on the weatherproof paper|
I want the puppet theatre's spotlight dimmed to 15 percent during act two and back to full when the dragon
enters|
Check whether the cable car still runs after midnight and reserve a cabin for 6 people with skis|
Create a crossword of 20 clues about lighthouses for the school paper and hide our mascot's name in the diagonal|
The beehive scale reports a sudden drop; look at last week's weights and write the beekeeper a calm message|
Add a slow cello line under the chorus of my harbour song and export the stems for the mixing desk|
List every manhole cover in the old town that was cast before 1920 and mark them on a walking map|
Send the balloon pilot the wind forecast for 5 in the morning and cancel the flight when gusts pass 25 knots|
Find a tailor who can shorten a velvet cloak before the masked ball and get the quote in writing|
Write a limerick for the retiring tram driver and have it engraved|
Start the dishwasher at the lodge when power is cheapest|
Which volcano tours accept children under seven|
Water the moss wall for 8 minutes tonight|
Change the ringtone of the doorbell to an owl|
Cancel my fencing lesson and rebook it for Sunday"""
QUESTIONS = [" ".join(text.split()) for text in QUESTION_TEXTS.split("|")]
PLACES = "mill harbour orchard library clinic garden museum kitchen depot archive studio stable".split()
THINGS = "ledger kettle canoe lamp manuscript seedling invoice ladder compass violin carpet barometer".split()
DEEDS = """repaint the {} of the {} before the inspection|find out who left the {} in the {} last night|book the {} at
the {} for a group of visitors|cancel the order of the {} that the {} placed|list every {} that the {} lent to
neighbours|weigh the {} and note it in the book of the {}|return the {} to the {} and ask for a receipt""".split("|")


def main() -> None:
    """Make the rows, plant, look, and print."""
    arguments = _arguments()
    bases = [json.loads(line) for path in arguments.samples for line in path.read_text().splitlines()]
    base_twins = {pair.position for pair in Weeder("bases").weed(map(_candidate, bases))}
    bases = [base for number, base in enumerate(bases) if number not in base_twins]
    rng = random.Random(arguments.seed)
    rows = list(make_rows(bases, arguments.n, rng))
    print(f"{len(rows)} rows from {len(bases)} samples ({len(base_twins)} of them were twins and left out)\n")
    show_twins(rows, rng)
    show_contamination(rows, rng)
    show_speed(bases, arguments.seed)


def _candidate(row: Row) -> Candidate:
    return candidate(Sample.model_validate(row))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=Path, nargs="+", default=[Path("runs/demo/samples.jsonl")])
    parser.add_argument("-n", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def make_rows(bases: Sequence[Row], count: int, rng: random.Random) -> Iterator[Row]:
    """Rows of which no two are made of the same samples with the same values."""
    seen: set[str] = set()
    while len(seen) < count:
        parts = rng.sample(range(len(bases)), rng.choices((1, 2, 3), (4, 4, 2))[0])
        drawn = [_redrawn(bases[part], rng) for part in parts]
        key = json.dumps([(part, values) for part, (_, values) in zip(parts, drawn, strict=True)])
        if key not in seen:
            seen.add(key)
            row = _joined([row for row, _ in drawn])
            yield _opened(row, rng) | {"id": f"row-{len(seen)}", "index": len(seen)}


def _redrawn(base: Row, rng: random.Random) -> tuple[Row, list[str]]:
    """A copy with other values of users, and those values."""
    row, fresh = copy.deepcopy(base), dict[str, Any]()
    calls = {call["id"]: call["function"]["arguments"] for call in _calls(row)}
    for item in row["provenance"]:
        if item["source"]["kind"] != "user":
            continue
        value, said = get(calls[item["call"]], item["argument"]), item["source"]["text"]
        if isinstance(value, bool) or said.strip('"') != str(value):
            continue
        if said not in fresh:
            fresh[said] = _other(value, rng)
        put_at(calls[item["call"]], item["argument"], fresh[said])
        item["source"]["text"] = said.replace(str(value), str(fresh[said]))
    if fresh:
        wanted = "|".join(re.escape(said) for said in sorted(fresh, key=len, reverse=True))
        for message in _asked(row):
            message["content"] = re.sub(wanted, lambda found: _put(found.group(), fresh), message["content"])
    return row, [str(value) for value in fresh.values()]


def _put(said: str, fresh: dict[str, Any]) -> str:
    return f'"{fresh[said]}"' if said.startswith('"') else str(fresh[said])


def _other(value: Any, rng: random.Random) -> Any:
    if isinstance(value, int | float):
        return rng.randrange(2, 400)
    name = "".join(rng.sample(SYLLABLES, 2)).title()
    ending = re.search(r"\.\w{2,4}$", value)
    return name.lower() + ending.group() if ending else f"{name} {''.join(rng.sample(SYLLABLES, 2)).title()}"


def _joined(rows: Sequence[Row]) -> Row:
    """Conversations one after the other."""
    whole = copy.deepcopy(rows[0])
    for number, row in enumerate(rows[1:], 2):
        text = re.sub(r'"call_(\d+)"', rf'"call_{number}_\1"', json.dumps(row))
        part, messages, turns = json.loads(text), len(whole["messages"]), len(whole["turns"])
        for turn in part["turns"]:
            turn["messages"] = [place + messages for place in turn["messages"]]
        for item in part["provenance"]:
            if "turn" in item["source"]:
                item["source"]["turn"] += turns
        known = {tool["function"]["name"] for tool in whole["tools"]}
        whole["tools"] += [tool for tool in part["tools"] if tool["function"]["name"] not in known]
        whole["checker"]["calls"] += part["checker"]["calls"]
        for key in ("messages", "turns", "provenance"):
            whole[key] += part[key]
    return whole


def _opened(row: Row, rng: random.Random) -> Row:
    message = _asked(row)[0]
    message["content"] = f"{rng.choice(OPENINGS).strip()} {message['content']}"
    return row


def _asked(row: Row) -> list[Row]:
    return [message for message in row["messages"] if message["role"] == "user"]


def _calls(row: Row) -> list[Row]:
    return [call for message in row["messages"] for call in message.get("tool_calls") or ()]


def _exact(row: Row, rng: random.Random) -> Row:
    return row | {"seed": rng.randrange(2**31)}


def _styled(row: Row, rng: random.Random) -> Row:
    for message in _asked(row):
        message["content"] = re.sub(r"[.,:]", " ", message["content"]).upper() + " Thanks so much!"
    return _opened(row, rng)


def _reworded(row: Row, _: random.Random) -> Row:
    for message in _asked(row):
        message["content"] = paraphrased(message["content"])
    return row


def _fresh_ids(row: Row, rng: random.Random) -> Row:
    """As a server that makes its ids up would have it: other ids in outputs and in what is taken from them."""
    calls = {call["id"]: call["function"]["arguments"] for call in _calls(row)}
    values = {
        get(calls[item["call"]], item["argument"]) for item in row["provenance"] if item["source"]["kind"] == "output"
    }
    text = json.dumps({"messages": row["messages"], "checker": row["checker"]})
    for value in sorted(str(value) for value in values):
        text = text.replace(f'"{value}"', f'"ID-{rng.randrange(10**6)}"')
    return row | json.loads(text)


def _nearly(row: Row, rng: random.Random) -> Row:
    spoken = [item for item in row["provenance"] if item["source"]["kind"] == "user"]
    calls = {call["id"]: call["function"]["arguments"] for call in _calls(row)}
    item = rng.choice(spoken)
    put_at(calls[item["call"]], item["argument"], "something else")
    return row


TWINS: dict[str, Callable[[Row, random.Random], Row]] = {
    "exact": _exact,
    "other style": _styled,
    "other words": _reworded,
    "fresh ids": _fresh_ids,
    "one value of many": _nearly,
}


def show_twins(rows: Sequence[Row], rng: random.Random) -> None:
    """Twins of 5% of the rows, put in at random places behind them."""
    many = [row for row in rows if sum(item["source"]["kind"] == "user" for item in row["provenance"]) >= 4]
    planted: dict[str, str] = {}
    mixed = list(rows)
    for number in range(len(rows) // 20):
        kind = list(TWINS)[number % len(TWINS)]
        row = rng.choice(many if kind == "one value of many" else rows)
        twin = TWINS[kind](copy.deepcopy(row), rng) | {"id": f"twin-{number}"}
        planted[twin["id"]] = kind
        mixed.insert(rng.randrange(mixed.index(row) + 1, len(mixed) + 1), twin)
    found = {pair.id for pair in Weeder("mixed").weed(map(_candidate, mixed))}
    print("planted twins".ljust(24), "found")
    for kind in TWINS:
        names = [name for name, own in planted.items() if own == kind]
        print(kind.ljust(24), f"{len(found & set(names))} of {len(names)}")
    wrong = sorted(found - planted.keys())
    print("false alarms".ljust(24), f"{len(wrong)} of {len(rows)} ({len(wrong) / len(rows):.2%}) {wrong[:5]}\n")


def near_verbatim(text: str, rng: random.Random) -> str:
    """Other case, punctuation and numbers, with something before and after."""
    text = re.sub(r"\d+", lambda _: str(rng.randrange(2, 90)), re.sub(r"[,;:']", "", text))
    return f"{rng.choice(OPENINGS).strip()} {rng.choice((text.lower(), text.upper(), text))}! Thank you."


def paraphrased(text: str) -> str:
    """Synonyms, the last clause first, fillers dropped."""
    clauses = re.split(r"(?:,|;| and then | and | so )\s*", text)
    turned = ", ".join([clauses[-1], *clauses[:-1]]) if len(clauses) > 1 else text
    kept = [word for word in turned.split() if word.casefold() not in FILLERS]
    return " ".join(SYNONYMS.get(word.casefold(), word) for word in kept)


def benchmark(rng: random.Random) -> list[BenchmarkRow]:
    """The 20 questions among 480 of the kind that our servers could be asked too, each with a tool and a value."""
    deeds = [deed.replace("\n", " ").strip() for deed in DEEDS]
    others = [rng.choice(deeds).format(rng.choice(THINGS), rng.choice(PLACES)) for _ in range(480)]
    return [
        BenchmarkRow(
            "invented.json",
            f"row_{number}",
            (text,),
            (shape(f"do_deed_{number}", {"properties": {"deed": {"type": "string"}, f"p{number}": {}}}, text),),
            frozenset(),
            constants_in({"ticket": f"TK-{70000 + number}-Q", "contact": f"person{number}@example.org"}),
        )
        for number, text in enumerate([*QUESTIONS, *others])
    ]


def show_contamination(rows: Sequence[Row], rng: random.Random) -> None:
    """Benchmark questions in the place of requests of other rows."""
    asked = benchmark(rng)
    screen = Screen(asked)
    paraphrases = [paraphrased(text) for text in QUESTIONS]
    planted = {
        "near-verbatim": [_asking(rng.choice(rows), near_verbatim(text, rng)) for text in QUESTIONS],
        "paraphrased by rule": [_asking(rng.choice(rows), text) for text in paraphrases],
        "tool of a row": [_offering(rng.choice(rows), row) for row in asked[:20]],
        "two values of a row": [
            _asking(rng.choice(rows), f"Close {value.upper()} for person{number}@example.org.")
            for number, value in enumerate(f"tk-{70000 + number}-q" for number in range(20))
        ],
    }
    print("planted contamination".ljust(24), "found".ljust(10), "by")
    for kind, samples in planted.items():
        found = [finding for sample in samples if (finding := _condemned(screen, sample))]
        print(kind.ljust(24), f"{len(found)} of {len(samples)}".ljust(10), dict(Counter(found)))
    wrong = [rule for row in rows if (rule := _condemned(screen, Sample.model_validate(row)))]
    print(
        "false alarms".ljust(24), f"{len(wrong)} of {len(rows)} ({len(wrong) / len(rows):.2%}) {dict(Counter(wrong))}\n"
    )
    _show_thresholds(rows, paraphrases, [text for row in asked for text in row.questions])


def _condemned(screen: Screen, sample: Sample) -> str | None:
    return next((finding.rule for finding in screen.findings(sample) if finding.contaminated), None)


def _asking(row: Row, text: str) -> Sample:
    row = copy.deepcopy(row)
    _asked(row)[0]["content"] = text
    return Sample.model_validate(row)


def _offering(row: Row, other: BenchmarkRow) -> Sample:
    tool = other.tools[0]
    names = [parameter.rpartition(":")[0].replace(" ", "_") for parameter in sorted(tool.parameters)]
    schema = {"properties": {name: {"type": "string"} if name == "deed" else {} for name in names}}
    function = {"name": tool.name.title(), "description": "", "parameters": schema}
    return Sample.model_validate(row | {"tools": [*row["tools"], {"type": "function", "function": function}]})


def _show_thresholds(rows: Sequence[Row], paraphrases: Sequence[str], questions: Sequence[str]) -> None:
    index, runs = ParaphraseIndex(questions), WordingIndex()
    for text in questions:
        runs.add(text)
    requests = [message["content"] for row in rows for message in _asked(row)]
    alone = sum(runs.shared(text) is not None for text in paraphrases)
    print(f"runs of words find {alone} of {len(paraphrases)} paraphrases; content words ({THRESHOLD} is in use):")
    print("cosine".ljust(10), "paraphrases".ljust(14), "false alarms among requests")
    for threshold in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        found = sum(index.closest(text, threshold) is not None for text in paraphrases)
        wrong = sum(index.closest(text, threshold) is not None for text in requests)
        print(str(threshold).ljust(10), f"{found} of {len(paraphrases)}".ljust(14), f"{wrong} of {len(requests)}")
    print()


def show_speed(bases: Sequence[Row], seed: int) -> None:
    """Rows a second of processor time at two sizes: what grows faster than the data shows as a fall."""
    print("speed".ljust(10), "twins, rows/s".ljust(16), "benchmark, rows/s".ljust(20), "bytes a row kept")
    screen = Screen(benchmark(random.Random(seed)))
    for count in (500, 4000):
        samples = [Sample.model_validate(row) for row in make_rows(bases, count, random.Random(seed))]
        start = time.process_time()
        for _ in Weeder("speed").weed(map(candidate, samples)):
            pass
        between = time.process_time()
        for sample in samples[:500]:
            screen.findings(sample)
        end = time.process_time()
        rates = count / (between - start), 500 / (end - between)
        print(str(count).ljust(10), f"{rates[0]:.0f}".ljust(16), f"{rates[1]:.0f}".ljust(20), _bytes(samples[:500]))


def _bytes(samples: Sequence[Sample]) -> int:
    twins = Twins()
    tracemalloc.start()
    for sample in samples:
        twins.keep(sample.id, signature(sample))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size // len(samples)


if __name__ == "__main__":
    main()
