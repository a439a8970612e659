"""What the servers answered to one kept sample, so that it can be checked again without them.

Contract: an answer is found by the server's digest, the tool, the arguments and the state position: all calls of that
server before it. What was not recorded is an error, never an answer. A change of the server is not noticed, because no
server is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from toolweave.pipeline.checking.candidate import FinalState
from toolweave.pipeline.sample import Sample
from toolweave.servers.decoding import decode_text
from toolweave.servers.errors import ToolweaveError
from toolweave.servers.json_values import canonical, digest
from toolweave.servers.results import CallResult, Status
from toolweave.servers.tools import Tool


class NotRecorded(ToolweaveError):
    """A call that nobody made when the sample was recorded."""


class RecordedAnswer(BaseModel):
    """One answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    status: Status
    text: str
    value: Any = None
    """The decoded output, where it is not what the text reads as."""
    decoded: bool = True
    """Whether the decoded output is what the text reads as."""


class RecordedFile(BaseModel):
    """A file at the end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: str
    path: str
    sha256: str | None


class Recording(BaseModel):
    """A line of `recordings.jsonl`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: int
    id: str
    """Of the sample."""
    answers: tuple[RecordedAnswer, ...]
    files: tuple[RecordedFile, ...] = ()


Made = tuple[str, str, Mapping[str, Any], CallResult]
"""Server, tool, arguments as sent, and the answer."""


@dataclass
class _Position:
    """Where each server stands: the key of its last call."""

    digests: Mapping[str, str]
    last: dict[str, str] = field(default_factory=dict[str, str])

    def key(self, server: str, tool: str, arguments: Mapping[str, Any]) -> str:
        """The key of the next call, which then is the last one."""
        parts = [self.digests.get(server, ""), server, tool, arguments, self.last.get(server, "")]
        key = digest(parts)[:32]
        self.last[server] = key
        return key


def _position(sample: Sample) -> _Position:
    return _Position({server.name: server.digest for server in sample.servers})


def recorded(sample: Sample, made: Iterable[Made], state: FinalState) -> Recording:
    """The recording of a sample: its calls in order, then the reads of its final state."""
    position = _position(sample)
    answers = [_answer(position.key(server, tool, arguments), result) for server, tool, arguments, result in made]
    files = tuple(RecordedFile(server=s, path=p, sha256=digest) for (s, p), digest in sorted(state.files.items()))
    return Recording(index=sample.index, id=sample.id, answers=tuple(answers), files=files)


def _answer(key: str, result: CallResult) -> RecordedAnswer:
    if canonical(decode_text(result.text)) == canonical(result.value):
        return RecordedAnswer(key=key, status=result.status, text=result.text)
    return RecordedAnswer(key=key, status=result.status, text=result.text, value=result.value, decoded=False)


class RecordedServers:
    """Answers the calls of one sample out of its recording."""

    def __init__(self, sample: Sample, recording: Recording) -> None:
        self._position = _position(sample)
        self._answers = {answer.key: answer for answer in recording.answers}
        called = [(call.server, call.tool) for call in sample.checker.calls]
        read = [(one.server, one.tool) for one in sample.checker.state]
        self._tools = {names: Tool(*names) for names in (*called, *read)}

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools that the sample's checker calls."""
        return tuple(self._tools.values())

    async def call(self, tool: Tool, arguments: dict[str, Any], /) -> CallResult:
        """The recorded answer.

        Raises:
            NotRecorded: Nobody made this call here.
        """
        answer = self._answers.get(self._position.key(tool.server, tool.name, arguments))
        if answer is None:
            raise NotRecorded(f"{tool.id} is not in the recording with these arguments after these calls")
        value = decode_text(answer.text) if answer.decoded else answer.value
        return CallResult(answer.status, answer.text, value, 0.0)
