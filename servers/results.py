"""What came back from a call: status, the text a model reads, and the decoded value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["ok", "tool_error", "refused", "timeout", "lost", "broken"]
"""`ok`: the tool answered. `tool_error`: the server said that the call failed. `refused`: our policy did not
let the call out. `timeout`: no answer in time. `lost`: the server died. `broken`: the reply breaks the protocol
or the tool's own output schema."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """One observation. A tool that fails is a result, never an exception."""

    status: Status
    text: str
    """What a model reads: the text blocks joined by newlines, or the structured content as JSON."""
    value: Any
    """Decoded output: structured content, else JSON in the text, else a Python literal, else the text itself.
    A sole `{"result": …}` wrapper is unwrapped."""
    seconds: float
    """Wall-clock duration of the call."""

    @property
    def ok(self) -> bool:
        """Whether the tool answered without an error."""
        return self.status == "ok"
