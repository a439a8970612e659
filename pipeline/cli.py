"""The command line: `toolweave run | status | verify | eval | report | export | graph | doctor`."""

from __future__ import annotations

import typer

from toolweave.pipeline.commands import (
    control,
    decontaminate,
    doctor,
    duplicates,
    evaluate,
    export,
    graph,
    report,
    run,
    serve,
    show,
    verify,
)

app = typer.Typer(
    name="toolweave",
    help="Turn any MCP servers into verified multi-turn tool-use training data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("status")(control.status)
app.command("pause")(control.pause)
app.command("resume")(control.resume)
app.command("stop")(control.stop)
app.command("verify")(verify.verify)
app.command("eval")(evaluate.evaluate)
app.command("export")(export.export)
app.command("serve")(serve.serve)
app.command("report")(report.report)
app.command("duplicates")(duplicates.duplicates)
app.command("decontaminate")(decontaminate.decontaminate)
app.command("doctor")(doctor.doctor)
graph.app.command("show")(show.show)
app.add_typer(graph.app, name="graph")


def main() -> None:
    """Entry point of the `toolweave` command."""
    app()
