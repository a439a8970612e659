"""`toolweave view`: read a run in the browser, also while it goes on."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import anyio
import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import RunDirectory, VerboseOption
from toolweave.pipeline.viewer.serving import serve_viewer

PortOption = Annotated[int, typer.Option(min=0, max=65535, help="On loopback; 0 takes any free one.")]
OpenOption = Annotated[bool, typer.Option("--open", help="Also open it in the browser of this machine.")]


def view(
    directory: RunDirectory, port: PortOption = 8700, open_it: OpenOption = False, verbose: VerboseOption = False
) -> None:
    """Read a run in the browser, also while it goes on.

    Samples with the source of every argument, rejected items, the API graph and figures, as a page on loopback.

    Labels that are given there (keep, drop, flag) go to labels.jsonl in the run directory; `toolweave export` leaves
    out what is to be dropped. Ctrl-C ends it.

    Example: toolweave view runs/demo, then open http://127.0.0.1:8700

    Exit codes: 130 ended by Ctrl-C, 1 there is no run or the port is taken.
    """
    console.set_up_logs(verbose)
    console.execute(_view, directory, port, open_it)


async def _view(directory: Path, port: int, open_it: bool) -> None:
    async with anyio.create_task_group() as tasks:
        address = f"http://127.0.0.1:{await tasks.start(serve_viewer, directory, port)}"
        console.err.print(f"{address} shows {directory}; Ctrl-C ends it")
        if open_it:
            webbrowser.open(address)
