"""A whole run with a model behind an endpoint that fails often, as somebody would start it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHOP = '''
from mcp.server.mcpserver import MCPServer

server, stock, orders = MCPServer("shop"), {"PR-11": "maple bench", "PR-22": "oak table", "PR-33": "pine shelf"}, {}

@server.tool()
def find_product(name: str) -> dict:
    """Find products by a part of their name."""
    return {"products": [{"product_id": i, "name": n} for i, n in stock.items() if name.lower() in n]}

@server.tool()
def order_product(product_id: str, pieces: int) -> dict:
    """Order a product."""
    if product_id not in stock:
        raise ValueError(f"there is no product {product_id}")
    orders[f"OR-{71 + len(orders)}"] = product_id
    return {"order_id": list(orders)[-1], "product": stock[product_id], "pieces": pieces}

@server.tool()
def show_order(order_id: str) -> dict:
    """Show an order."""
    return {"order_id": order_id, "product": stock[orders[order_id]]}

server.run()
'''


def _shop(folder: Path) -> Path:
    (folder / "shop.py").write_text(SHOP, encoding="utf-8")
    options = {"disposable": True, "values": {"name": ["maple", "oak"], "pieces": [2, 5]}}
    shop = {"command": "python", "args": [str(folder / "shop.py")], "toolweave": options}
    mcp = folder / "mcp.json"
    mcp.write_text(json.dumps({"mcpServers": {"shop": shop}}), encoding="utf-8")
    return mcp


def test_an_endpoint_that_often_fails_costs_time_and_nothing_else(tmp_path: Path) -> None:
    """Nothing of a bad reply gets into the dataset, and what was asked and used up is counted role by role."""
    line = [
        sys.executable,
        "benchmarks/endpoint_faults.py",
        "--mcp",
        str(_shop(tmp_path)),
        "-n",
        "2",
        "--structured",
        "refused",
    ]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["0 problems (bar 0)"]), done.stdout + done.stderr
    assert "bad replies" in done.stdout


def test_a_killed_run_asks_again_only_what_was_in_flight(tmp_path: Path) -> None:
    """Every reply is on disk before anything is made of it, also for items that are not done."""
    line = [
        sys.executable,
        "benchmarks/paid_twice.py",
        "--mcp",
        str(_shop(tmp_path)),
        "-n",
        "3",
        "--kills",
        "2",
        "--in-flight",
        "4",
    ]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads(done.stdout.splitlines()[-1])
    assert facts["same_samples"] and facts["paid_twice"] <= facts["bar"] < facts["requests"]
