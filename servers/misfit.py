"""What pydantic says of a value from outside, in one line for whoever wrote the value."""

from __future__ import annotations

from pydantic import ValidationError


def first_misfit(error: ValidationError, whole: str = "") -> str:
    """Where a value does not fit its model, and how; without the value, which may be a secret.

    Args:
        error: As pydantic raised it.
        whole: What to call the value where no part of it is to blame.
    """
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or whole}: {first['msg']}"
