"""What went wrong with a request, and whether sending it again can help.

TeacherError
├── EndpointUnusable   the endpoint will refuse every request (key, model, quota): stop the run
├── Rejected           the endpoint does not take this request as it is written
└── (TeacherError)     this ask failed; another may succeed
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from openai import APIConnectionError, APIStatusError, APITimeoutError

from toolweave.servers.errors import EndpointSilent, EndpointUnusable, TeacherError
from toolweave.servers.json_values import as_object

_BUSY = frozenset({408, 409, 425, 429})
_REJECTED = frozenset({400, 413, 415, 422})
_NO_MONEY = re.compile(r"insufficient_quota|billing_hard_limit|credit balance", re.IGNORECASE)
_FORMAT_WORDS = re.compile(r"response_?format|json_?schema|json_?object|structured|grammar|guided", re.IGNORECASE)


class Rejected(TeacherError):
    """The endpoint does not accept the request as written; a plainer one may pass."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"the endpoint rejected the request: {failure.reason}")
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Failure:
    """One request that brought no completion."""

    reason: str
    """One line, without the key."""
    status: int | None = None
    """HTTP status, where there was a response."""
    retryable: bool = True
    wait: float | None = None
    """Seconds that the endpoint asks to wait."""
    parameter: str | None = None
    """The request field at fault, where the endpoint names it."""

    @property
    def rejected(self) -> bool:
        """Whether the request itself was at fault."""
        return self.status in _REJECTED

    @property
    def about_format(self) -> bool:
        """Whether the endpoint complains about `response_format`."""
        return bool(_FORMAT_WORDS.search(f"{self.parameter} {self.reason}"))


def describe(error: Exception, wall: float, key: str | None) -> Failure:
    """Read an exception of the client; `wall` is the time of day in seconds since 1970."""
    if isinstance(error, APIStatusError):
        return _of_status(error, wall, key)
    if isinstance(error, (APITimeoutError, TimeoutError)):
        return Failure("no reply in time")
    if isinstance(error, APIConnectionError):
        return Failure(one_line(f"cannot connect ({error.__cause__ or error})", key))
    return Failure("the reply is not JSON")


def retry_after(headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds to wait by `retry-after-ms` or `Retry-After` (seconds or HTTP date); `None` when neither makes sense.

    A date is measured from the response's own `Date`, so that a wrong clock on either side does no harm.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        return seconds if 0 <= seconds < float("inf") else None
    until = _moment(headers.get("retry-after", ""))
    return None if until is None else max(0.0, until - (_moment(headers.get("date", "")) or wall))


def one_line(text: str, key: str | None) -> str:
    """Text of somebody else, fit for an error line: one line, short, without the key."""
    return " ".join((text.replace(key, "[key]") if key else text).split())[:300]


def _of_status(error: APIStatusError, wall: float, key: str | None) -> Failure:
    status = error.status_code
    facts = as_object(error.body)
    facts = as_object(facts.get("error")) or facts
    message = facts.get("message") or facts.get("detail") or error.body or error.response.reason_phrase
    text = message if isinstance(message, str) else json.dumps(message, default=str)
    broke = status == 429 and bool(_NO_MONEY.search(f"{facts.get('code')} {facts.get('type')} {text}"))
    parameter = facts.get("param")
    return Failure(
        one_line(f"{status}: {text}", key),
        status,
        retryable=(status in _BUSY or status >= 500) and not broke,
        wait=retry_after(error.response.headers, wall),
        parameter=parameter if isinstance(parameter, str) else None,
    )


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def verdict(failure: Failure, model: str, url: str) -> TeacherError:
    """The error for a request that is given up, saying what the user can do."""
    where = f"{model} at {url}"
    match failure.status:
        case 401:
            return EndpointUnusable(f"{url} does not accept the key: set OPENAI_API_KEY ({failure.reason})")
        case 402 | 403:
            return EndpointUnusable(f"the key may not use {where}: check its rights and credit ({failure.reason})")
        case 404:
            return EndpointUnusable(f"{where} does not exist: check --model and --base-url ({failure.reason})")
        case 429 if not failure.retryable:
            return EndpointUnusable(f"no credit left for {where} ({failure.reason})")
        case None:
            return EndpointSilent(f"no reply from {where}: is it running, and is --base-url right? ({failure.reason})")
        case _:
            if failure.rejected:
                return Rejected(failure)
            return EndpointSilent(f"{where} keeps failing: try later or with fewer in flight ({failure.reason})")
