"""An OpenAI-compatible endpoint that says what the samples' own assistant said; it prints its address and serves.

Which sample is played is read from the first words of the user, and what comes next from the number of replies so far.
With `--idle` it says "Done." and nothing else. Where `return_token_ids` asks for tokens, as it may of vLLM, a token is
a byte.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def reply_to(messages: list[Row], samples: list[Row]) -> Row:
    """The next assistant message, in the shape of the wire."""
    first = next(_text(message) for message in messages if message["role"] == "user")
    sample = next(row for row in samples if row["messages"][0]["content"] == first)
    said = [message for message in sample["messages"] if message["role"] == "assistant"]
    message = said[sum(one["role"] == "assistant" for one in messages)]
    calls = [
        {**call, "function": {**call["function"], "arguments": json.dumps(call["function"]["arguments"])}}
        for call in message.get("tool_calls", ())
    ]
    told = {"role": "assistant", "content": message["content"]}
    return told | ({"tool_calls": calls} if calls else {})


def _tokens(said: object) -> list[int]:
    return list(json.dumps(said).encode())


def _told_in_tokens(message: Row) -> Row:
    tokens = _tokens(message)
    told = [{"token": chr(token), "logprob": 0.0, "bytes": [token], "top_logprobs": []} for token in tokens]
    return {"token_ids": tokens, "logprobs": {"content": told}}


def _text(message: Row) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


class Handler(BaseHTTPRequestHandler):
    """Answers whole, or as a stream of one piece."""

    samples: list[Row]
    idle = False

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        idle: Row = {"role": "assistant", "content": "Done."}
        message = idle if self.idle else reply_to(body["messages"], self.samples)
        ended = "tool_calls" if message.get("tool_calls") else "stop"
        answer: Row = {"id": "x", "created": 1, "model": "gold", "object": "chat.completion"}
        if body.get("stream"):
            pieces = [{"index": at} | call for at, call in enumerate(message.get("tool_calls", ()))]
            delta = message | ({"tool_calls": pieces} if pieces else {})
            answer |= {
                "object": "chat.completion.chunk",
                "choices": [{"index": 0, "delta": delta, "finish_reason": ended}],
            }
            self._send("text/event-stream", f"data: {json.dumps(answer)}\n\ndata: [DONE]\n\n")
            return
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choice: Row = {"index": 0, "message": message, "finish_reason": ended}
        if body.get("return_token_ids"):
            answer["prompt_token_ids"] = _tokens(body["messages"])
            choice |= _told_in_tokens(message)
        answer |= {"choices": [choice], "usage": usage}
        self._send("application/json", json.dumps(answer))

    def _send(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        return


def main(path: Path, idle: bool) -> None:
    Handler.samples = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    Handler.idle = idle
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}/v1\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--idle" in sys.argv)
