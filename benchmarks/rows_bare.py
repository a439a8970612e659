"""The floor of `throughput.py`: rows by a bare loop of asyncio and openai, each appended to a file."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from openai import AsyncOpenAI


async def main(port: int, rows: int, in_flight: int, path: Path) -> None:
    """Ask for every row, as many at a time as allowed."""
    client = AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0)
    places = asyncio.Semaphore(in_flight)
    with path.open("w", encoding="utf-8") as file:

        async def row(number: int) -> None:
            async with places:
                messages = [{"role": "user", "content": f"Invent the name of guest {number}."}]
                reply = await client.chat.completions.create(model="m", messages=messages, seed=number)  # type: ignore[arg-type]
                value = json.loads(reply.choices[0].message.content or "")["value"]
                file.write(json.dumps({"index": number, "value": value}) + "\n")
                file.flush()

        began = time.perf_counter()
        await asyncio.gather(*map(row, range(rows)))
        seconds = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    facts = {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "mb": usage.ru_maxrss / 1024}
    sys.stdout.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
