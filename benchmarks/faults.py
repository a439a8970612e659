"""Runs the main job on servers that misbehave now and then, and counts what of it got into kept samples.

    .venv/bin/python benchmarks/faults.py -n 6

One server for each fault; each process of it draws anew when it misbehaves. Whatever a faulty reply carries is marked,
so a marked observation in a kept sample is a fault that got through, unless its call is a slip that really failed. So
is an empty one: the server always has something to say. Exit code 1 when one did, or a run ended with nothing planned.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from toolweave.pipeline.sample import Sample, tool_messages
from toolweave.pipeline.storage.store import read_lines

MARK = "QX-"
FAULTS = (
    "crash", "hang", "wrong type", "truncated", "error as success", "success as error", "lie", "nothing", "garbage",
)  # fmt: skip
SERVER = '''
import json, os, random, sys, time
from typing import Any
from mcp.server.mcpserver import MCPServer

FAULT, SHARE = sys.argv[1], float(sys.argv[2])
chance = random.SystemRandom()
server, rooms, held = MCPServer("rooms"), {"RM-101": "Aster", "RM-202": "Birch", "RM-303": "Cedar"}, {}

def answer(value: dict[str, Any]) -> str:
    """The answer as JSON text, or what the fault makes of it."""
    if chance.random() >= SHARE:
        return json.dumps(value)
    mark = f"QX-{chance.randrange(10**6)}"
    if FAULT == "crash":
        os._exit(3)
    if FAULT == "hang":
        time.sleep(600)
    if FAULT == "wrong type":
        return json.dumps([mark, 7])
    if FAULT == "truncated":
        return json.dumps({"trace": mark} | value)[:-9]
    if FAULT == "lie":
        return json.dumps({key: f"{item} {mark}" if isinstance(item, str) else item for key, item in value.items()})
    if FAULT == "nothing":
        return ""
    if FAULT == "garbage":
        print(f"half a line {mark}", flush=True)
        return json.dumps(value)
    if FAULT == "error as success":
        return json.dumps({"detail": f"upstream {mark} gave up"})
    raise ValueError(json.dumps(value | {"trace": mark}))

@server.tool()
def find_rooms(name: str = "") -> str:
    """Find rooms by a part of their name; all rooms without one."""
    return answer({"rooms": [{"room_id": i, "name": n} for i, n in rooms.items() if name.lower() in n.lower()]})

@server.tool()
def reserve_room(room_id: str, day: str) -> str:
    """Reserve a room for a day, such as 2026-05-11."""
    if room_id not in rooms:
        raise ValueError(f"there is no room {room_id}")
    number = f"RS-{1001 + len(held)}"
    held[number] = (room_id, day)
    return answer({"reservation_id": number, "room": rooms[room_id], "day": day})

@server.tool()
def get_reservation(reservation_id: str) -> str:
    """Show a reservation."""
    room_id, day = held[reservation_id]
    return answer({"reservation_id": reservation_id, "room": rooms[room_id], "day": day})

@server.tool()
def cancel_reservation(reservation_id: str) -> str:
    """Cancel a reservation."""
    held.pop(reservation_id)
    return answer({"reservation_id": reservation_id, "status": "cancelled"})

server.run()
'''


def config(folder: Path, fault: str, share: float) -> Path:
    """An `mcp.json` with one server that has one fault."""
    (folder / "rooms.py").write_text(SERVER, encoding="utf-8")
    options = {"disposable": True, "call_timeout": 10.0, "values": {"name": ["Aster", "Birch"], "day": ["2026-05-11"]}}
    server = {"command": "python", "args": [str(folder / "rooms.py"), fault, str(share)], "toolweave": options}
    path = folder / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"rooms": server}}), encoding="utf-8")
    return path


def got_through(sample: Sample) -> list[str]:
    """Ids of the calls of a kept sample whose observation is marked and that are no slips."""
    slips = {call.id for call in sample.checker.calls if call.fails}
    shown = tool_messages(sample.messages)
    return [name for name, text in shown.items() if (MARK in text or not text.strip()) and name not in slips]


def one_run(fault: str, args: argparse.Namespace) -> dict[str, Any]:
    """Make samples on one faulty server and look into them."""
    with tempfile.TemporaryDirectory(prefix="toolweave-faults-") as scratch:
        folder, out = Path(scratch), Path(scratch, "run")
        line = [sys.executable, "-m", "toolweave.pipeline", "run", "--mcp", str(config(folder, fault, args.share))]
        line += ["--out", str(out), "-n", str(args.samples), "--seed", str(args.seed), "--json"]
        subprocess.run(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=args.timeout)
        kept = [Sample.model_validate(item) for item in read_lines(out / "samples.jsonl")]
        dropped = Counter(str(item["stage"]) for item in read_lines(out / "rejected.jsonl"))
        statuses = Counter(str(item["status"]) for item in read_lines(out / "events.jsonl") if item["event"] == "call")
    through = [(sample.id, name) for sample in kept for name in got_through(sample)]
    return {"kept": len(kept), "got through": through, "dropped": dict(dropped), "calls": dict(statuses)}


def main() -> int:
    """Print a line for each fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", "--samples", type=int, default=6)
    parser.add_argument("--share", type=float, default=0.15, help="share of the replies that are faulty")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=FAULTS)
    parser.add_argument("--timeout", type=float, default=900, help="seconds for each run")
    args = parser.parse_args()
    runs: dict[str, dict[str, Any]] = {}
    for fault in args.faults:
        runs[fault] = one_run(fault, args)
        print(f"{fault:18} {runs[fault]}", flush=True)
    faulty = sum(len(facts["got through"]) for facts in runs.values())
    kept = sum(facts["kept"] for facts in runs.values())
    print(f"{kept} kept samples, {faulty} faulty observations in them (bar 0)")
    return 0 if faulty == 0 and all(facts["kept"] or facts["dropped"] for facts in runs.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
