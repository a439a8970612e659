"""One server of an environment, owned by one task from start to end; calls come in from any other task.

Contract: `serve` never raises for anything that the server does; when `started` is set, either `info` or `failure` is
there; `call` always returns. A transport that breaks down cancels the owner task only. A dead server stays dead: its
state is lost, and a call that may have reached it is never repeated.
"""

from __future__ import annotations

import importlib.metadata
import logging
import shutil
from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.to_thread
import httpx2
from mcp import MCPError
from mcp import types as mcp

from toolweave.servers.border import Border
from toolweave.servers.decoding import Decoded, decode
from toolweave.servers.errors import ServerError
from toolweave.servers.guard import Guard
from toolweave.servers.info import SIMULATOR, ServerInfo
from toolweave.servers.introspect import Listing, list_tools
from toolweave.servers.launch import Launch
from toolweave.servers.limits import Limits
from toolweave.servers.process import Child, open_child
from toolweave.servers.rawsession import Greeting, KeepingDispatcher, Mode, NeedsModernEra, RawSession, open_session
from toolweave.servers.results import Status
from toolweave.servers.sandbox import is_caged
from toolweave.servers.scanner import printable
from toolweave.servers.secrecy import secrets_of
from toolweave.servers.spec import ServerSpec
from toolweave.servers.tools import Tool
from toolweave.servers.transport import over_http, over_stdio
from toolweave.servers.veil import veil_of
from toolweave.servers.warm import WarmStarts
from toolweave.servers.wire import TOO_LARGE, LineReader
from toolweave.servers.workspace import Workspace

logger = logging.getLogger(__name__)

_MARGIN = 1.0
"""Seconds by which our own deadline of a call is later than the session's, which covers no blocked write."""
_BROKEN_CODES = (TOO_LARGE, mcp.PARSE_ERROR)
_WORDS_OF_THE_TRANSPORT: dict[str, Status] = {
    "Session terminated": "lost",
    "Server returned an error response": "broken",
}
"""What the SDK's HTTP client says in the server's place."""


class _TooSlow(ServerError):
    """The server was given all the time that it may have."""


class Connection:
    """One server: run `serve` in a task of its own, wait for `started`, call, then `stop`."""

    def __init__(
        self,
        spec: ServerSpec,
        workspace: Workspace | None,
        guard: Guard,
        starts: WarmStarts | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.spec = spec
        self.workspace = workspace
        self.info: ServerInfo | None = None
        self.failure: str | None = None
        """Why the server did not start, in one line."""
        self.started = anyio.Event()
        self._guard = guard
        self._starts = self._known_by = starts
        self._limits = limits or Limits()
        self._launch: Launch | None = None
        self._veil = veil_of(secrets_of(spec))
        self._border = Border(self._veil)
        self._stopping = anyio.Event()
        self._session: RawSession | None = None
        self._child: Child | None = None
        self._lines = LineReader()
        self._refusal = ""
        self._tools: dict[str, Tool] = {}
        self._looking = anyio.Lock()
        self._changed = ""
        """Why nothing of this server is called any more."""

    @property
    def alive(self) -> bool:
        """Whether it has started and was not seen to end."""
        return self._session is not None and not (self._child and self._child.exited.is_set())

    @property
    def folder(self) -> Path | None:
        """Its scratch directory, where it has one."""
        return self.workspace.path if self.workspace else None

    def stop(self) -> None:
        """Ask the owner task to close the connection; it ends when everything is closed."""
        self._stopping.set()

    async def serve(self) -> None:
        """Start the server, keep the connection until `stop`, close everything."""
        try:
            await self._serve_warm_or_cold()
        except Exception as error:  # boundary: whatever a server does, the others go on
            self.failure = self._describe(_leaf(error))
            logger.debug("server %s failed: %s", self.spec.name, self.failure)
        finally:
            self._session = None
            self.started.set()

    async def call(self, name: str, arguments: dict[str, Any]) -> Decoded:
        """Call a tool; `/workspace` stands for the scratch directory on both ways."""
        try:
            if self._border.list_changed:
                await self._look_again()
            if refusal := self._changed or self._limits.refusal(self.spec, name):
                return Decoded("refused", refusal, refusal)
            sent = self.workspace.to_real(arguments) if self.workspace else arguments
            async with self._limits.place(self.spec, name):
                result = await self._call(name, sent)
            return Decoded(result.status, self._named(result.text), self._named(result.value))
        except RecursionError:
            return Decoded("broken", text := "The reply is nested too deeply.", text)

    def _named(self, value: Any) -> Any:
        """What comes from the server, without random paths; secrets are covered at the border."""
        return self.workspace.to_alias(value) if self.workspace else value

    def _seen(self, text: str) -> str:
        """What comes by another way than a message, as everybody else may see it: no random paths, no secrets."""
        return printable(str(self._veil.cover(self._named(text))))

    async def _look_again(self) -> None:
        """The server says that its tools are others now: those that were listed before must be the same."""
        async with self._looking:
            if not self._border.list_changed or self._session is None:
                return
            self._border.list_changed = False
            self._changed = f"The server {self.spec.name!r} does not show again the tools that it showed before."
            try:
                with anyio.fail_after(self.spec.options.start_timeout):
                    listing = await list_tools(self.spec.name, self._session.list_page, self._named)
            except Exception as error:  # boundary: the SDK raises many things when a peer misbehaves
                logger.debug("server %s is not listed again: %s", self.spec.name, type(error).__name__)
                return
            now = {tool.name: tool.digest for tool in listing.tools}
            changed = [name for name, tool in self._tools.items() if now.get(name) != tool.digest]
            self._changed = (
                f"The server {self.spec.name!r} has changed its tools since they were listed: {changed[0]!r}"
                if changed
                else ""
            )

    async def _call(self, name: str, arguments: dict[str, Any]) -> Decoded:
        if self._session is None:
            return self._lost()
        seconds = self.spec.options.call_timeout
        try:
            with anyio.fail_after(seconds + _MARGIN):
                raw = await self._session.call_tool(name, arguments, seconds)
        except TimeoutError:
            return self._timed_out()
        except MCPError as error:
            return self._answered_error(error)
        except Exception as error:  # boundary: the SDK raises many things when a peer misbehaves
            logger.debug("call of %s on server %s broke: %s", name, self.spec.name, type(error).__name__)
            return Decoded("broken", text := f"The reply cannot be read: {type(error).__name__}.", text)
        tool = self._tools.get(name)
        return decode(raw, tool.output_schema if tool else None)

    async def _serve_warm_or_cold(self) -> None:
        """A warm start that fails before the server was used is followed by an ordinary one, on a new workspace."""
        try:
            return await self._prepare_and_serve()
        except Exception as error:  # boundary: whatever it was, an ordinary start tells whether the server is to blame
            if self.info is not None or not self._distrust_warm_starts() or isinstance(_leaf(error), _TooSlow):
                raise
            logger.info("server %s did not start warm: %s", self.spec.name, self._describe(_leaf(error)))
        self._starts = self._child = None
        if self.workspace is not None:
            await anyio.to_thread.run_sync(shutil.rmtree, self.workspace.path)
        await self._prepare_and_serve()

    def _distrust_warm_starts(self) -> bool:
        """Whether anything was started warm; further starts of it will not be."""
        warm = self._launch.warm if self._launch and self._starts else []
        for process in warm:
            if self._starts is not None:
                self._starts.distrust(process)
        return bool(warm)

    async def _prepare_and_serve(self) -> None:
        await self._prepare()
        await self._serve_in_some_era()

    async def _prepare(self) -> None:
        if self.workspace is None:
            return
        self._launch = Launch(self.spec, self.workspace, self._starts)
        await anyio.Path(self.workspace.path).mkdir(parents=True, exist_ok=True)
        with _deadline(self.spec, "its preparing commands did not end"):
            await self._launch.prepare(self._guard)

    async def _serve_in_some_era(self) -> None:
        """Over stdio the old handshake comes first: the probe for the new one kills old servers."""
        default: Mode = "legacy" if self.workspace else "auto"
        if not await self._serve(self.spec.options.mode or default):
            await self._serve("auto")

    async def _serve(self, mode: Mode) -> bool:
        """Keep a connection until `stop`; false when the server wants the other era."""
        client = mcp.Implementation(name="toolweave", version=importlib.metadata.version("toolweave"))
        async with self._transport() as dispatcher, open_session(dispatcher, client) as session:
            with _deadline(self.spec, "it did not answer"):
                try:
                    greeting = await session.connect(mode)
                except NeedsModernEra:
                    return False
                listing = await list_tools(self.spec.name, session.list_page, self._named)
            self._publish(session, greeting, listing)
            await self._stopping.wait()
        return True

    def _publish(self, session: RawSession, greeting: Greeting, listing: Listing) -> None:
        info = ServerInfo(
            name=self.spec.name,
            software=printable(greeting.name),
            version=printable(greeting.version),
            protocol=greeting.protocol,
            instructions=str(self._named(greeting.instructions)),
            tools=tuple(listing.tools),
            skipped=listing.skipped,
            simulated=self.spec.options.simulated or greeting.name == SIMULATOR,
            noise=self._seen(self._lines.first_noise),
        )
        if self._known_by is not None:
            self._known_by.accept(self._child.process if self._child else None, self.spec, info)
        self.info = info
        self._tools = {tool.name: tool for tool in listing.tools}
        self._session = session
        self.started.set()

    def _transport(self) -> AbstractAsyncContextManager[KeepingDispatcher]:
        if self._launch is not None:
            return self._stdio(self._launch)
        return over_http(self.spec, self._border, self._note_refusal)

    def _note_refusal(self, status: str) -> None:
        self._refusal = f" (HTTP {status})"

    @asynccontextmanager
    async def _stdio(self, launch: Launch) -> AsyncGenerator[KeepingDispatcher]:
        async with open_child(launch.start(), self._guard, launch.bounds) as child:
            self._child = child
            self._lines = LineReader()
            async with over_stdio(child, self._lines, self._border) as dispatcher:
                yield dispatcher

    def _answered_error(self, error: MCPError) -> Decoded:
        if error.code == mcp.CONNECTION_CLOSED:
            return self._lost()
        if error.code == mcp.REQUEST_TIMEOUT:
            return self._timed_out()
        status: Status = "broken" if error.code in _BROKEN_CODES else "tool_error"
        return Decoded(_WORDS_OF_THE_TRANSPORT.get(error.message, status), error.message, error.message)

    def _lost(self) -> Decoded:
        fault = self._child.fault if self._child else ""
        fault = "it said too much that nobody had asked for" if self._border.flooded else fault
        why = f": {fault}" if fault else ""
        return Decoded("lost", text := f"The server {self.spec.name!r} is gone{why}.", text)

    def _timed_out(self) -> Decoded:
        text = f"The server {self.spec.name!r} gave no answer within {self.spec.options.call_timeout:g} seconds."
        return Decoded("timeout", text, text)

    def _describe(self, error: BaseException) -> str:
        """What went wrong at the start, in one line with the last words on stderr."""
        words = self._child.stderr.last() if self._child else ""
        line = f"{self._cause(error)}; last words on stderr: {words}" if words else self._cause(error)
        if self._lines.first_noise:
            line += f"; on stdout, where only messages belong, it wrote: {self._lines.first_noise}"
        judged_by_us = isinstance(error, ServerError) and not isinstance(error, _TooSlow)
        if self._launch is not None and is_caged(self.spec) and not judged_by_us:
            line += f"; it ran in a sandbox with an empty home and {'' if self.spec.options.network else 'no '}network"
        return self._seen(" ".join(line.split()))

    def _cause(self, error: BaseException) -> str:
        match error:
            case MCPError() if error.code == mcp.CONNECTION_CLOSED and self._child:
                return self._child.fault or f"it ended with code {self._child.code} before it was ready"
            case MCPError():
                return f"it answered with error {error.code}: {error.message}{self._refusal}"
            case httpx2.HTTPError():
                return (
                    f"cannot reach {httpx2.URL(self.spec.url).copy_with(query=None)}: {error or type(error).__name__}"
                )
            case OSError():
                return f"it cannot be started: {error}"
            case ServerError():
                return str(error)
            case _:
                return f"{type(error).__name__}: {error}"


@contextmanager
def _deadline(spec: ServerSpec, what: str) -> Generator[None]:
    seconds = spec.options.start_timeout
    try:
        with anyio.fail_after(seconds):
            yield
    except TimeoutError:
        raise _TooSlow(f"{what} within {seconds:g} seconds") from None


def _leaf(error: BaseException) -> BaseException:
    """The first real exception in a group of groups."""
    while isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        error = group.exceptions[0]
    return error
