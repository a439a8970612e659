from __future__ import annotations

import random

from toolweave.agent.arguments import ValueBook
from toolweave.agent.probing.filling import Filler
from toolweave.agent.probing.things import Things
from toolweave.graph.learning.pools import Pools
from toolweave.servers.introspect import read_tool
from toolweave.servers.spec import ServerSpec

ORDER = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}


def test_a_new_hash_fits_where_the_field_that_shows_it_was_accepted_before_and_nowhere_else() -> None:
    tools = [read_tool("s", {"name": name, "inputSchema": ORDER}) for name in ("close_order", "open_gate")]
    pools = Pools()
    filler = Filler(tools, pools, ValueBook({"s": ServerSpec(name="s")}), random.Random(1))
    things = Things(filler, lambda _: False)
    for value in ("9f3c41ab77d0", "0b52ee18c4a6"):
        pools.add("s/place_order", [], {"order_id": value})
        things.values[value] = value
    filler.links["s/close_order", "order_id"].accept("9f3c41ab77d0")
    assert things.fits(filler.links["s/close_order", "order_id"], "0b52ee18c4a6")
    assert not things.fits(filler.links["s/open_gate", "order_id"], "0b52ee18c4a6")
