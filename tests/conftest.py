"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    """A command that a test calls sets up logs for its own stderr, which is closed afterwards."""
    yield
    structlog.reset_defaults()
