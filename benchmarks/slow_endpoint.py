"""An OpenAI-compatible endpoint on loopback that answers every request after a while; for benchmarks.

    .venv/bin/python benchmarks/slow_endpoint.py --median 0.05 --sigma 0

Prints its port. `GET /arrivals` tells when the first request came (`time.time()`), how many came and how many were
under way at most, and forgets all that. Latencies are lognormal, drawn by the number of the request, so that every
client gets the same ones.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time

ANSWER = {"role": "assistant", "content": '{"value": "Ada Voss"}'}


class Endpoint:
    """Answers on keep-alive connections."""

    def __init__(self, median: float, sigma: float, seed: int) -> None:
        self._median, self._sigma, self._seed = median, sigma, seed
        self._clear()

    def _clear(self) -> None:
        self.first: float | None = None
        self.count = self.under_way = self.most = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection until the client closes it."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
                )
                await reader.readexactly(length)
                body = json.dumps(self._arrivals() if head.startswith(b"GET") else await self._answer()).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
                    + body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self) -> dict[str, object]:
        self.first = self.first or time.time()
        number, self.count = self.count, self.count + 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(self._median * random.Random(f"{self._seed}:{number}").lognormvariate(0.0, self._sigma))
        self.under_way -= 1
        usage = {"prompt_tokens": 100, "completion_tokens": 8, "total_tokens": 108}
        choice = {"index": 0, "finish_reason": "stop", "message": ANSWER}
        return {
            "id": f"c{number}",
            "object": "chat.completion",
            "created": 0,
            "model": "m",
            "choices": [choice],
            "usage": usage,
        }

    def _arrivals(self) -> dict[str, object]:
        facts: dict[str, object] = {"first": self.first, "count": self.count, "most": self.most}
        self._clear()
        return facts


async def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--median", type=float, default=0.05)
    parser.add_argument("--sigma", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    endpoint = Endpoint(args.median, args.sigma, args.seed)
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
