"""A whole run against an endpoint that fails every fifth request in all the ways that endpoints fail.

    .venv/bin/python benchmarks/endpoint_faults.py -n 24

The endpoint answers on loopback with the logic of the offline teacher, read off our prompts. A bad reply carries a mark
of its own; the marks are then looked for in the files of the run. Once with an endpoint that holds replies to a JSON
schema, once with one that refuses to. Exit code 1 when a run did not end well, something marked is where it may not be,
or the run's own figures are not those of the endpoint.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, get_args

from faulty_endpoint import MARK, FaultyEndpoint, Structured, serving
from wire_teacher import WireTeacher

from toolweave.pipeline.storage.store import read_json, read_lines

COMMAND = (sys.executable, "-m", "toolweave.pipeline")
NO_TRACE = ("samples.jsonl", "recordings.jsonl", "sample.md", "graph.json")
"""Files that a model is trained on or a sample is checked by: nothing that was said wrongly may be in them."""
MODES = {"schema": "json_schema", "ignored": "json_schema", "refused": "prompt"}
"""What the endpoint does with a response format → how replies have to be held to their shape then."""


def servers(path: Path, names: list[str]) -> Path:
    """An `mcp.json` of a few of the servers that we bring along."""
    own = json.loads(Path("mcp.json").read_text("utf-8"))["mcpServers"]
    path.write_text(json.dumps({"mcpServers": {name: own[name] for name in names}}), encoding="utf-8")
    return path


def one_run(folder: Path, structured: Structured, args: argparse.Namespace) -> list[str]:
    """Make samples; what is wrong with them, one line each."""
    out = folder / "run"
    endpoint = FaultyEndpoint(WireTeacher(out / "graph.json"), args.share, structured, args.seed)
    mcp = args.mcp or servers(folder / "mcp.json", args.servers)
    began = time.monotonic()
    with serving(endpoint):
        line = ("run", "--mcp", str(mcp), "--out", str(out), "-n", str(args.samples), "--seed", str(args.seed))
        line += ("--model", "behind-the-wire", "--base-url", endpoint.url, "--json")
        done = subprocess.run((*COMMAND, *line), capture_output=True, text=True, check=False, timeout=args.timeout)
    if done.returncode:
        return [f"the run ended with {done.returncode}: {done.stderr[-600:]}"]
    manifest = read_json(out / "manifest.json")
    _print(structured, endpoint, manifest, time.monotonic() - began)
    problems = [*endpoint.broken[:5], *traces(out), *totals(out, manifest), *usage_problems(endpoint, manifest)]
    if manifest["teacher"]["json_mode"] != MODES[structured]:
        problems.append(f"replies are held to their shape by {manifest['teacher']['json_mode']}")
    return problems


def traces(out: Path) -> list[str]:
    """Marks where none may be; drafts that the critic refused may hold them, they are stored as such."""
    problems = [f"{name} holds {found[0]}" for name in NO_TRACE if (found := _marks(out / name))]
    outside = ({key: value for key, value in line.items() if key != "draft"} for line in _revisions(out))
    return problems + [f"a revision holds a mark outside of its draft: {one}" for one in outside if MARK in str(one)]


def _revisions(out: Path) -> list[dict[str, Any]]:
    return list(read_lines(out / "revisions.jsonl"))


def _marks(path: Path) -> list[str]:
    return re.findall(rf"{MARK}\d+", path.read_text("utf-8")) if path.exists() else [f"nothing: there is no {path}"]


def totals(out: Path, manifest: dict[str, Any]) -> list[str]:
    """Figures of the manifest that are not those of the files."""
    kept = sum(1 for _ in read_lines(out / "samples.jsonl"))
    dropped = Counter(str(line["outcome"]) for line in read_lines(out / "rejected.jsonl"))
    counted = {"kept": kept, **{name: dropped[name] for name in ("rejected", "failed", "unresolved")}}
    problems = [] if manifest["state"] == "finished" else [f"the run is {manifest['state']}"]
    if manifest["outcomes"] != counted or manifest["planned"] != sum(counted.values()) or not kept:
        problems.append(f"outcomes {manifest['outcomes']} of {manifest['planned']}, the files hold {counted}")
    return problems


def usage_problems(endpoint: FaultyEndpoint, manifest: dict[str, Any]) -> list[str]:
    """Requests and tokens of each role that are not those of the endpoint; a cost that nobody can know."""
    problems: list[str] = []
    for role, counts in manifest["teacher"]["usage"].items():
        told = endpoint.tokens.get(role, Counter())
        if counts["requests"] != endpoint.requests[role]:
            problems.append(f"{role}: {counts['requests']} requests, the endpoint saw {endpoint.requests[role]}")
        differing = [key for key in ("prompt_tokens", "completion_tokens") if counts[key] != told[key]]
        problems += [f"{role}: {counts[key]} {key}, the endpoint told {told[key]}" for key in differing]
        if counts["cost"] is not None:
            problems.append(f"{role}: costs {counts['cost']}, and nobody said a price")
    return problems


def _print(structured: Structured, endpoint: FaultyEndpoint, manifest: dict[str, Any], seconds: float) -> None:
    requests = endpoint.requests.total()
    print(f"response_format {structured}: {manifest['outcomes']} of {manifest['planned']} in {seconds:.0f} s;", end=" ")
    print(f"{requests} requests, {endpoint.bad} bad replies ({endpoint.bad / requests:.1%})")
    print(f"  dropped at {manifest['reasons']}")
    print(f"  replies: {', '.join(f'{kind} {count}' for kind, count in endpoint.sent.most_common())}")
    for role, counts in manifest["teacher"]["usage"].items():
        print(f"  {role:9} {', '.join(f'{key} {value}' for key, value in counts.items())}", flush=True)


def main() -> int:
    """Print what became of each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", "--samples", type=int, default=24)
    parser.add_argument("--share", type=float, default=0.24, help="how often a reply is bad")
    parser.add_argument("--servers", nargs="+", default=["kitchen", "library", "museum"], help="of our own mcp.json")
    parser.add_argument("--mcp", type=Path, help="another mcp.json")
    parser.add_argument("--structured", choices=get_args(Structured), nargs="+", default=["schema", "refused"])
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=1800)
    args = parser.parse_args()
    problems: list[str] = []
    for structured in args.structured:
        with tempfile.TemporaryDirectory(prefix="toolweave-endpoint-") as scratch:
            found = one_run(Path(scratch), structured, args)
        print("".join(f"  problem: {problem}\n" for problem in found), end="", flush=True)
        problems += found
    print(f"{len(problems)} problems (bar 0)")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
