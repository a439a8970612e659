"""What an endpoint accepts, found out by trying and remembered.

Contract: a request starts with everything that helps (`response_format` by schema, seed, temperature). When the
endpoint rejects it, the part at fault is left out from then on. An endpoint that has accepted a mode once keeps it,
unless it complains about the format by name: a prompt that is too long must not cost the schema. Nothing is remembered
of a request that failed in every mode.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from toolweave.agent.endpoint.failures import Failure
from toolweave.agent.endpoint.options import EndpointOptions, JsonMode

_MODES: tuple[JsonMode, ...] = ("json_schema", "schema_object", "json_object", "prompt")
_OPTIONAL = ("seed", "temperature", "max_tokens")


@dataclass(frozen=True, slots=True)
class Offer:
    """How one request is written."""

    mode: JsonMode
    omitted: frozenset[str] = frozenset()
    """Request fields that the endpoint does not know."""


class Dialect:
    """The way of writing requests that one endpoint understands."""

    def __init__(self, options: EndpointOptions) -> None:
        self._options = options
        self._start = Offer("json_schema" if options.json_mode == "auto" else options.json_mode)
        self.offer: Offer = self._start
        self.proven = False
        """Whether the endpoint has accepted the current mode."""

    def confirm(self, offer: Offer) -> None:
        """The endpoint accepted a request written like this.

        One that was sent before another stepped down, and accepted after all, shows that the mode was not at fault.
        """
        if not self.proven and _MODES.index(offer.mode) < _MODES.index(self.offer.mode):
            self.offer = replace(self.offer, mode=offer.mode)
        if offer.mode == self.offer.mode:
            self.proven = True

    def step_down(self, offer: Offer, failure: Failure) -> bool:
        """Write requests more plainly from now on; False when nothing is left to leave out."""
        if offer != self.offer:
            return True  # another request has stepped down meanwhile: try its way first
        plainer = self._without_field(failure) or self._lower_mode(failure)
        if plainer is None:
            if not self.proven:
                self.offer = self._start
            return False
        self.proven = self.proven and plainer.mode == offer.mode
        self.offer = plainer
        return True

    def fields(self, offer: Offer, name: str, schema: dict[str, Any], seed: int) -> dict[str, Any]:
        """The request's fields beside model and messages."""
        values = {"seed": seed, "temperature": self._options.temperature, "max_tokens": self._options.max_tokens}
        if "max_tokens" in offer.omitted:
            values["max_completion_tokens"] = self._options.max_tokens
        kept = {key: value for key, value in values.items() if value is not None and key not in offer.omitted}
        return kept | _response_format(offer.mode, name, schema)

    def _without_field(self, failure: Failure) -> Offer | None:
        if not failure.rejected:
            return None
        for field in _OPTIONAL:
            named = failure.parameter == field or re.search(rf"\b{field}\b", failure.reason)
            if named and field not in self.offer.omitted:
                return replace(self.offer, omitted=self.offer.omitted | {field})
        return None

    def _lower_mode(self, failure: Failure) -> Offer | None:
        place = _MODES.index(self.offer.mode) + 1
        fixed = self._options.json_mode != "auto" or place == len(_MODES)
        if fixed or (self.proven and not failure.about_format):
            return None
        return replace(self.offer, mode=_MODES[place])


def _response_format(mode: JsonMode, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    match mode:
        case "json_schema":
            # Not strict: strict schemas cannot hold the free-form arguments of a call.
            shape = {"name": name, "schema": schema, "strict": False}
            return {"response_format": {"type": "json_schema", "json_schema": shape}}
        case "schema_object":
            return {"response_format": {"type": "json_object", "schema": schema}}
        case "json_object":
            return {"response_format": {"type": "json_object"}}
        case "prompt":
            return {}
