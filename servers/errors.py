"""Every exception that Toolweave raises on purpose.

    ToolweaveError                  one clear line for the user; the command line prints it and exits
    ├── ConfigError                 a file or a flag that the user wrote is wrong (exit 2)
    ├── ServerError                 a server could not be started or listed (exit 1 when none is left)
    ├── TeacherError                the model behind a role failed or replied with nonsense
    │   ├── EndpointSilent          it cannot be reached, or keeps failing
    │   ├── EndpointUnusable        every further request would fail too (exit 1)
    │   ├── RequestRefused          no words of the user passed the checks
    │   └── NeverReached            the reasoner did not reach the calls that really happened
    └── RunError                    a run directory cannot be used or written (exit 1)

A tool that fails is not an exception: it is a `CallResult` with a status. A conversation that fails is a
trajectory with a reason. Only a broken run raises.
"""

from __future__ import annotations

from typing import ClassVar


class ToolweaveError(Exception):
    """Something that the user can act on; its text is one line that says what, where and what to do."""

    exit_code = 1


class ConfigError(ToolweaveError):
    """A settings file, `mcp.json` or a flag is wrong."""

    exit_code = 2


class ServerError(ToolweaveError):
    """A server could not be started, introspected or kept alive."""


class TeacherError(ToolweaveError):
    """The model behind a role did not give a usable reply."""

    stage: ClassVar[str] = "teacher"
    """Where an item is lost by it."""


class EndpointSilent(TeacherError):
    """The endpoint cannot be reached, or keeps failing."""

    stage = "network"


class RequestRefused(TeacherError):
    """No words of the user passed the checks."""

    stage = "query"


class NeverReached(TeacherError):
    """The reasoner did not reach the calls that really happened within K attempts."""

    stage = "reasoning"


class EndpointUnusable(TeacherError):
    """Every further request would be refused too; the text says what to do."""


class RunError(ToolweaveError):
    """A run directory cannot be read, written or resumed."""
