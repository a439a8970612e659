"""The gate against what does not belong into training data: words to the model, hidden text, credentials."""

from __future__ import annotations

from collections.abc import Iterator

from toolweave.pipeline.sample import Sample, called
from toolweave.servers.json_values import canonical
from toolweave.servers.scanner import scan
from toolweave.servers.veil import REDACTED


def hygiene(sample: Sample) -> Iterator[str]:
    """No message speaks to the model from inside data, hides something or holds a credential; no call has a secret."""
    for index, message in enumerate(sample.messages):
        for suspicion in scan(str(message.get("content") or "")):
            if suspicion.kind != "markup":
                yield f"message {index} is not clean, {suspicion}"
    for call_id, _, arguments in called(sample.messages):
        if REDACTED in canonical(arguments):
            yield f"{call_id} uses a value that was withheld as a secret"
