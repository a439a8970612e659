"""What a person or a program sees: progress on a terminal, JSON lines on request, logs on stderr."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeVar

import anyio
import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from toolweave.pipeline.grouped_errors import first_known
from toolweave.pipeline.running.progress import Progress as RunProgress
from toolweave.servers.errors import RunError, ToolweaveError

out = Console(soft_wrap=True, highlight=False, markup=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
INTERRUPTED = 130
T = TypeVar("T")


def set_up_logs(verbose: bool) -> None:
    """Logs go to stderr, warnings and worse unless asked for more; what libraries log only when asked."""
    logging.basicConfig(level=logging.DEBUG if verbose else logging.CRITICAL, stream=sys.stderr)
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[*structlog.get_config()["processors"][:-1], plain],
        wrapper_class=structlog.make_filtering_bound_logger(10 if verbose else 30),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def print_json(value: Any, file: TextIO | None = None) -> None:
    """One machine-readable line on stdout, or on what was stdout before."""
    print(json.dumps(value, ensure_ascii=False), file=file, flush=True)


def fail(error: ToolweaveError) -> NoReturn:
    """Say what is wrong in one line and exit with the error's code."""
    err.print(f"toolweave: {error}")
    raise typer.Exit(error.exit_code)


def execute(work: Callable[..., Coroutine[Any, Any, T]], *args: Any, hint: str = "") -> T:
    """Run async work to its end; errors that a user can act on become one line and an exit code."""
    try:
        return anyio.run(partial(work, *args))
    except ToolweaveError as error:
        fail(error)
    except BaseExceptionGroup as group:
        fail_group(group, hint)
    except KeyboardInterrupt:
        interrupted(hint)


@contextmanager
def kind_errors() -> Generator[None]:
    """Errors that a user can act on become one line and an exit code."""
    try:
        yield
    except ToolweaveError as error:
        fail(error)


def fail_group(group: BaseExceptionGroup[BaseException], hint: str) -> NoReturn:
    """The first thing that a user can act on, or the whole group as it is."""
    if group.subgroup(KeyboardInterrupt):
        interrupted(hint)
    known = first_known(group)
    if known is None:
        raise group
    fail(known)


def say(text: str) -> None:
    """Tell the user something beside the results."""
    err.print(f"toolweave: {text}")


def interrupted(hint: str) -> NoReturn:
    """Say how to go on after Ctrl-C."""
    err.print(f"toolweave: interrupted. {hint}".rstrip())
    raise typer.Exit(INTERRUPTED)


@contextmanager
def run_progress(as_json: bool) -> Generator[Callable[[RunProgress], None]]:
    """A live line on a terminal; JSON lines when asked; nothing when stdout is a file.

    Whatever libraries print meanwhile goes to stderr.
    """
    own = sys.stdout
    with redirect_stdout(sys.stderr):
        if as_json:
            yield lambda state: _tell(_facts(state), own)
            return
        with _live_line() as show:
            yield show


@contextmanager
def counting(what: str, total: int | None, as_json: bool = False) -> Generator[Callable[[], None]]:
    """A live count on a terminal, to be called for each thing that is done; nothing where a program reads."""
    with _display(as_json) as display:
        task = display.add_task(what, total=total, rest="")
        yield lambda: display.advance(task)


@contextmanager
def _live_line() -> Generator[Callable[[RunProgress], None]]:
    with _display() as display:
        task = display.add_task("starting", total=None, rest="")
        yield lambda state: _show(display, task, state)


def _display(silent: bool = False) -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rest]}"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=err, disable=silent or not err.is_terminal)


def _tell(facts: dict[str, Any], reader: TextIO) -> None:
    """One line for whoever reads them.

    Raises:
        RunError: Nobody reads them any more, as after `| head`.
    """
    try:
        print_json(facts, reader)
    except BrokenPipeError as error:
        with Path(os.devnull).open("w") as nowhere:  # or Python tries once more when it ends
            os.dup2(nowhere.fileno(), reader.fileno())
        raise RunError("nobody reads the output any more; `--resume` goes on with what is on disk") from error


def _facts(state: RunProgress) -> dict[str, Any]:
    facts = {"stage": state.stage, "wanted": state.wanted, "planned": state.planned, "probed": state.probed}
    return {"progress": facts | dict(state.outcomes)}


def _show(display: Progress, task: Any, state: RunProgress) -> None:
    lost = sum(count for outcome, count in state.outcomes.items() if outcome != "kept")
    rest = f"{lost} not kept" if state.planned else f"{state.probed} calls"
    display.update(task, description=state.stage, total=state.wanted, completed=state.outcomes["kept"], rest=rest)
