"""A writer that asks a model, once for each thing, and keeps what it said."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import anyio.from_thread

from toolweave.agent.endpoint.options import EndpointOptions
from toolweave.agent.endpoint.replies import BadReply, read_reply
from toolweave.agent.endpoint.usage import RoleUsage
from toolweave.agent.imitation.records import Record, Records
from toolweave.agent.roles import Reply
from toolweave.servers.json_values import canonical
from toolweave.servers.simulated.writing import Ask, fitting, problems

if TYPE_CHECKING:
    from toolweave.agent.endpoint.client import EndpointClient

ATTEMPTS = 3
"""Replies that are read for one ask before the rest of it is left to the rules."""
_OPTIONS = EndpointOptions(timeout=60.0, deadline=120.0)
_SEEDS = 2**31
_PROMPT = files("toolweave.agent.imitation").joinpath("imitate.md").read_text("utf-8")


class Written(Reply):
    """What the model writes."""

    values: dict[str, Any]


class Imitator:
    """Writes what is on record, and asks for the rest; to be used in a worker thread of anyio.

    Args:
        model: Its id at the endpoint.
        base_url: The endpoint; `OPENAI_BASE_URL` by default. It is not looked at while all is on record.
        records: What was written before.
    """

    def __init__(self, model: str, base_url: str | None, records: Records) -> None:
        self._model, self._base_url = model, base_url
        self._records = records
        self._client: EndpointClient | None = None

    def write(self, ask: Ask) -> Mapping[str, Any]:
        """What is on record of this ask; else it is asked, and put on record.

        Raises:
            TeacherError: The endpoint does not answer.
            ConfigError: There is no usable endpoint, or the record cannot be read or written.
        """
        shown = canonical([self._model, _PROMPT, ask.what, ask.facts, ask.open, ask.seed])
        key = hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()
        record = self._records.find(key)
        if record is None:
            values, left = anyio.from_thread.run(self._asked, ask)
            record = self._records.keep(Record(key, ask.what, values, left))
            if record.left:
                reasons = "; ".join(f"{place or 'the whole'}: {why}" for place, why in record.left.items())
                sys.stderr.write(f"{self._model} did not write {ask.what}; the rules did: {reasons[:500]}\n")
        return record.values

    async def aclose(self) -> None:
        """Close the connections to the endpoint."""
        if self._client is not None:
            await self._client.aclose()

    async def _asked(self, ask: Ask) -> tuple[dict[str, Any], dict[str, str]]:
        """What was written that can be taken, and why the rest cannot."""
        opening = _opening(ask)
        messages, best, left = opening, dict[str, Any](), dict[str, str]()
        for attempt in range(ATTEMPTS):
            said, values, wrong = await self._said(ask, messages, attempt)
            if not wrong:
                return values, {}
            if len(values) >= len(best):
                best, left = values, wrong
            messages = _again(opening, said, wrong)
        return best, left

    async def _said(
        self, ask: Ask, messages: list[dict[str, Any]], attempt: int
    ) -> tuple[str, dict[str, Any], dict[str, str]]:
        """One reply: its words, what of it can be taken, and what is wrong with it, by place."""
        from toolweave.agent.endpoint.client import Clock, EndpointClient, Prompt  # half a second; records need none

        if self._client is None:
            self._client = EndpointClient(self._model, self._base_url, None, _OPTIONS, Clock())
        said = ""
        try:
            prompt = Prompt("Written", messages, _schema(ask), (ask.seed + attempt) % _SEEDS)
            completion = await self._client.complete(prompt, RoleUsage())
            said = completion.text
            values = read_reply(completion, Written).values
        except BadReply as error:
            return said, {}, {"": str(error)}
        return said, fitting(ask, values), problems(ask, values)


def _opening(ask: Ask) -> list[dict[str, Any]]:
    facts = {"what": ask.what, "decided": ask.facts, "places": ask.open}
    asked = "\n\n".join(_block(name, fact) for name, fact in facts.items())
    return [{"role": "system", "content": _PROMPT}, {"role": "user", "content": asked}]


def _again(opening: list[dict[str, Any]], said: str, wrong: Mapping[str, str]) -> list[dict[str, Any]]:
    complaint = "; ".join(f"{place or 'all together'}: {why}" for place, why in wrong.items())[:2_000]
    asked = f"That cannot be used: {complaint}. Reply with the whole corrected JSON object and nothing else."
    if said:
        return [*opening, {"role": "assistant", "content": said[:4_000]}, {"role": "user", "content": asked}]
    return [opening[0], {"role": "user", "content": f"{opening[1]['content']}\n\n{asked}"}]


def _schema(ask: Ask) -> dict[str, Any]:
    """Of the reply."""
    places = {"type": "object", "properties": ask.open, "required": list(ask.open), "additionalProperties": False}
    return {"type": "object", "properties": {"values": places}, "required": ["values"], "additionalProperties": False}


def _block(name: str, facts: object) -> str:
    text = json.dumps(facts, ensure_ascii=False, default=str).replace("</", "<\\/")
    return f'<data name="{name}">\n{text.encode("utf-8", "backslashreplace").decode()}\n</data>'
