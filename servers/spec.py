"""One server as `mcp.json` describes it, with variables replaced and our own `"toolweave"` block."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveFloat, PositiveInt

from toolweave.servers.interpolation import WORKSPACE
from toolweave.servers.json_values import is_list, is_object

WORKSPACE_ALIAS = "/workspace"
"""How tools, data and models see a server's scratch directory, wherever it really is."""


def _as_alias(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(WORKSPACE, WORKSPACE_ALIAS)
    if is_list(value):
        return [_as_alias(item) for item in value]
    if is_object(value):
        return {key: _as_alias(item) for key, item in value.items()}
    return value


def _as_examples(value: Any) -> Any:
    """Each entry as a list of examples; a lone example may be written without brackets."""
    if not is_object(value):
        return value
    return {key: _as_alias(item if is_list(item) else [item]) for key, item in value.items()}


def _as_texts(value: Any) -> Any:
    """Numbers and booleans as text, nulls left out: editors allow them in `env`."""
    if not is_object(value):
        return value
    return {key: _as_text(item) for key, item in value.items() if item is not None}


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Texts = Annotated[dict[str, str], BeforeValidator(_as_texts)]
Examples = Annotated[dict[str, list[Any]], BeforeValidator(_as_examples)]


class ServerOptions(BaseModel):
    """The `"toolweave"` block of a server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    disposable: bool = False
    """Whether tools that change or destroy something may be called: nothing of value hangs on this server."""
    values: Examples = Field(default_factory=dict[str, list[Any]])
    """What a user knows and no tool produces: `parameter` or `tool.parameter` to examples. Nothing else is said there,
    but days and amounts between them and, for a tool that only reads, other texts of the field that has shown two of
    them. `${WORKSPACE}` in them reads `/workspace`."""
    allow: list[str] = Field(default_factory=list[str])
    """Patterns (`fnmatch`) of tool names: when given, only these tools are called, whatever they say of themselves."""
    deny: list[str] = Field(default_factory=list[str])
    """Patterns of tool names that are never called."""
    trust: list[str] = Field(default_factory=list[str])
    """Patterns of tools that may be called although their descriptions look as if they spoke to the model."""
    calls: dict[str, PositiveInt] = Field(default_factory=dict[str, int])
    """Patterns of tool names to most calls of such tools in one run, experiments included."""
    prepare: list[Annotated[list[str], Field(min_length=1)]] = Field(default_factory=list[list[str]])
    """Commands (argv, no shell) that run in the fresh workspace before the server starts."""
    prepare_once: bool = False
    """Whether what `prepare` makes may be copied into further workspaces: the commands act nowhere else."""
    start_timeout: PositiveFloat = 30.0
    """Seconds for starting, the handshake and listing all tools."""
    call_timeout: PositiveFloat = 30.0
    """Seconds for one call."""
    in_flight: dict[str, PositiveInt] = Field(default_factory=dict[str, int])
    """Patterns of tool names to most calls of such tools at a time, over all environments of a run; `*` is all that the
    server gets."""
    simulated: bool = False
    """Whether the server only imitates what its tools say: samples from it are marked as simulated."""
    package: str | None = None
    """What `toolweave servers add` installed, such as `pypi:NAME==VERSION`: how to have a missing command again."""
    sandbox: bool | None = None
    """Whether a stdio server is kept in a sandbox: by default where the system has one, `true` for never without."""
    network: bool = False
    """Whether the sandbox has network."""
    readable: list[str] = Field(default_factory=list[str])
    """Paths that the sandbox shows although it hides the place where they lie, such as the home directory."""
    writable: list[str] = Field(default_factory=list[str])
    """Paths outside the workspace that the server may write to."""
    memory_mb: PositiveInt | None = 4096
    """Most MiB of memory of a server with all that it has started; `null` for no limit."""
    processes: PositiveInt = 512
    """Most processes and threads of a server."""
    secrets: dict[str, bool] = Field(default_factory=dict[str, bool])
    """Patterns of names in `env` and `headers`, or of variables, to whether their values are secrets. By default all
    are but short ones, paths that exist, and addresses without a password."""
    mode: Literal["legacy", "auto"] | None = None
    """Protocol era to begin with; by default `legacy` over stdio, because a probe kills old servers, else `auto`."""


class ServerSpec(BaseModel):
    """One server of `mcp.json`, with every variable but `${WORKSPACE}` replaced."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    transport: Literal["stdio", "http"] = "stdio"
    command: str = ""
    """`python` means this interpreter; a bare name is looked up beside it, then on `PATH`."""
    args: list[str] = Field(default_factory=list[str], repr=False)
    env: Texts = Field(default_factory=dict[str, str], repr=False)
    cwd: str | None = None
    """Relative to `folder`; the server's workspace by default."""
    url: str = Field(default="", repr=False)
    headers: Texts = Field(default_factory=dict[str, str], repr=False)
    options: ServerOptions = ServerOptions()
    folder: Path = Path()
    """Where `mcp.json` lies: what relative paths are relative to."""
    sandbox: Literal["off", "auto", "required"] = "off"
    """Entries of `mcp.json` are `auto` unless they say otherwise."""
    secrets: tuple[str, ...] = Field(default=(), repr=False)
    """What variables have brought in, and the secrets of all other servers: no answer may show them."""
    private: tuple[Path, ...] = ()
    """Files that hold secrets, such as `mcp.json` itself: a sandbox hides them."""

    @property
    def uses_workspace(self) -> bool:
        """Whether the server is pointed at its scratch directory by `${WORKSPACE}`."""
        texts = [self.command, *self.args, *self.env.values(), self.cwd or ""]
        return self.transport == "stdio" and any(WORKSPACE in text for text in texts)
