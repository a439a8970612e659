"""Spoils the rows of a run as files, knowing nothing of the judge, and sees whether `toolweave verify` notices.

    .venv/bin/python benchmarks/row_mutations.py runs/demo

Kinds come from what a trainer would find wrong in a conversation, and change only JSON. Two strengths: `said` changes
the conversation alone; `forged` changes everything else that the row says of it as well, so that nothing in the row
contradicts itself and only the servers, or the meaning, can. Exit code 1 when a harmless copy fails or the share of
the spoilt ones that are noticed is below the bar.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import forged_rows
import spoilt_rows
from spoilt_rows import Row, Spoiler, answers, calls_of

BAR = 0.99
SEPARATOR = "--"


def same(row: Row, _: random.Random) -> Row | None:
    """Nothing is changed."""
    return row


def other_key_order(row: Row, _: random.Random) -> Row | None:
    """Arguments are listed the other way round."""
    for call in calls_of(row):
        call["function"]["arguments"] = dict(reversed(call["function"]["arguments"].items()))
    return row


def politer(row: Row, rng: random.Random) -> Row | None:
    """An answer begins and ends with a kind word."""
    message = rng.choice(answers(row))
    message["content"] = f"Gladly. {message['content']}\n\nIs there anything else?"
    return row


def other_order(row: Row, rng: random.Random) -> Row | None:
    """Two steps of a turn change places that need nothing of each other."""
    after = {call["id"]: call["after"] for call in row["checker"]["calls"] if not call["fails"]}
    steps = [at for at, one in enumerate(row["messages"]) if len(one.get("tool_calls") or ()) == 1]
    pairs = [(at, row["messages"][at]["tool_calls"][0]["id"]) for at in steps]
    free = [
        (one, two)
        for (one, name), (two, other) in pairwise(pairs)
        if two == one + 2 and name in after and other in after and name not in after[other]
    ]
    if not free:
        return None
    one, two = rng.choice(free)
    row["messages"][one : one + 2], row["messages"][two : two + 2] = (
        row["messages"][two : two + 2],
        row["messages"][one : one + 2],
    )
    return row


SPOILT: dict[str, Spoiler] = {
    name: maker
    for made in (spoilt_rows, forged_rows)
    for name, maker in vars(made).items()
    if name.startswith(("said_", "forged_"))
}
HARMLESS: dict[str, Spoiler] = {
    "same": same, "other_key_order": other_key_order, "other_order": other_order, "politer": politer,
}  # fmt: skip


def copies(rows: list[Row], kinds: list[str], seed: int) -> Iterator[Row]:
    """One copy of every kind of every row, under an id that tells the kind."""
    for row in rows:
        for kind in kinds:
            made = {**SPOILT, **HARMLESS}[kind](copy.deepcopy(row), random.Random(f"{seed}:{row['id']}:{kind}"))
            if made is not None and (kind in HARMLESS or made != row):
                yield made | {"id": f"{row['id']}{SEPARATOR}{kind}"}


def verified(run: Path, rows: list[Row], args: argparse.Namespace) -> dict[str, str | None]:
    """Id → why `toolweave verify` refuses it; `None` where it passes."""
    with tempfile.TemporaryDirectory(prefix="toolweave-rows-") as scratch:
        shutil.copy(run / "settings.json", scratch)
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        Path(scratch, "samples.jsonl").write_text(text, encoding="utf-8")
        line = [sys.executable, "-m", "toolweave.pipeline", "verify", scratch, "--json"]
        line += ["--concurrency", str(args.concurrency)]
        done = subprocess.run(line, stdout=subprocess.PIPE, text=True, check=False, timeout=args.timeout)
    lines = [json.loads(one) for one in done.stdout.splitlines()]
    return {one["sample"]: one["reason"] for one in lines if "sample" in one}


def main() -> int:
    """Print what became of each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("-n", "--rows", type=int, help="only so many rows, the first ones")
    parser.add_argument("--kinds", nargs="+", choices=[*SPOILT, *HARMLESS], default=[*SPOILT, *HARMLESS])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--timeout", type=float, default=1800)
    parser.add_argument("--survivors", type=Path, help="where to write the rows that passed and should not have")
    args = parser.parse_args()
    lines = (args.run / "samples.jsonl").read_text("utf-8").splitlines()[: args.rows]
    made = list(copies([json.loads(line) for line in lines], args.kinds, args.seed))
    reasons = verified(args.run, made, args)
    counts, passed, by = Counter[str](), Counter[str](), dict[str, Counter[str]]()
    for name, reason in reasons.items():
        kind = name.partition(SEPARATOR)[2]
        counts[kind] += 1
        passed[kind] += reason is None
        by.setdefault(kind, Counter())[(reason or "passed").partition(":")[0]] += 1
    for kind in args.kinds:
        print(f"{kind:24}{counts[kind]:5} made {passed[kind]:5} passed   {dict(by.get(kind, Counter()))}")
    spoilt, through = (sum(count[kind] for kind in SPOILT) for count in (counts, passed))
    refused = sum(counts[kind] - passed[kind] for kind in HARMLESS)
    if args.survivors:
        kept = [row for row in made if reasons[row["id"]] is None and row["id"].partition(SEPARATOR)[2] in SPOILT]
        args.survivors.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept), encoding="utf-8")
    noticed = 1 - through / max(1, spoilt)
    print(f"{len(lines)} rows, {spoilt} spoilt copies, {noticed:.2%} noticed (bar {BAR:.0%}), ", end="")
    print(f"harmless copies refused: {refused}")
    return 0 if spoilt and noticed >= BAR and not refused else 1


if __name__ == "__main__":
    raise SystemExit(main())
