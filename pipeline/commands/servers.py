"""`toolweave servers`: list, add, remove and simulate the servers of an `mcp.json`."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import BaseUrlOption, JsonOption, McpOption
from toolweave.pipeline.onboarding.diagnosis import complaints, how_to_allow, remedy, told
from toolweave.pipeline.onboarding.mcp_file import entry_names, put_entry, remove_entry
from toolweave.pipeline.onboarding.packages import FOLDER, package_of
from toolweave.pipeline.onboarding.runners import package_behind
from toolweave.pipeline.onboarding.simulation import Imitating, plain_name, simulating_entry
from toolweave.pipeline.onboarding.sources import Found, Source, find, name_beforehand
from toolweave.pipeline.onboarding.trial import Trial, spec_of, try_server
from toolweave.pipeline.teachers import OFFLINE
from toolweave.servers.config import load_what_works
from toolweave.servers.errors import ConfigError
from toolweave.servers.json_values import canonical
from toolweave.servers.simulated.catalogue import chosen, read_catalogue

app = typer.Typer(invoke_without_command=True)

SourceArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME|URL|-- COMMAND",
        help="pypi:NAME[==VERSION], npm:NAME[@VERSION], an address, a bundled world, or a command after --.",
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a server that has the name.")]
NameOption = Annotated[str | None, typer.Option("--name", help="Its name in mcp.json [default: made from the source].")]


@app.callback()
def list_servers(ctx: typer.Context, mcp: McpOption = Path("mcp.json"), as_json: JsonOption = False) -> None:
    """List, add, remove and simulate the servers of an mcp.json.

    Alone it lists them; `toolweave doctor` also starts them.

    Examples: toolweave servers; toolweave servers add pypi:mcp-server-time

    Exit codes: 0 done, 1 a server does not start, 2 bad input.
    """
    if ctx.invoked_subcommand is not None:
        return
    with console.kind_errors():
        config, problems = load_what_works(mcp)
    for spec in config.servers:
        where = spec.url or " ".join([spec.command, *spec.args[:3]])
        _show({"name": spec.name, "runs": where, "disposable": spec.options.disposable, "ok": True}, where, as_json)
    for name, problem in problems.items():
        _show({"name": name, "ok": False, "says": str(problem)}, f"BAD  {problem}", as_json)


def _show(facts: dict[str, Any], line: str, as_json: bool) -> None:
    if as_json:
        console.print_json(facts)
    else:
        console.out.print(f"{facts['name']}: {line}{'  (disposable)' if facts.get('disposable') else ''}")


@app.command()
def add(
    source: SourceArgument,
    mcp: McpOption = Path("mcp.json"),
    name: NameOption = None,
    env: Annotated[list[str] | None, typer.Option("--env", help="NAME=VALUE, or NAME for ${NAME}. Repeatable.")] = None,
    header: Annotated[list[str] | None, typer.Option("--header", help="NAME: VALUE, for an address.")] = None,
    disposable: Annotated[
        bool, typer.Option("--disposable", help="All its tools may be called: nothing of value hangs on it.")
    ] = False,
    allow: Annotated[list[str] | None, typer.Option("--allow", help="Only these tools may be called.")] = None,
    deny: Annotated[list[str] | None, typer.Option("--deny", help="These tools are never called.")] = None,
    beside: Annotated[
        list[str] | None, typer.Option("--with", help="A requirement to install with it, such as mcp<2.")
    ] = None,
    program: Annotated[str | None, typer.Option("--program", help="Which program of the package it is.")] = None,
    force: ForceOption = False,
    untried: Annotated[bool, typer.Option("--untried", help="Write it also when it does not start.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Add a server: start it once, list its tools, write its entry with the version that was found.

    Packages are installed into .servers/ beside mcp.json.

    Examples: toolweave servers add pypi:mcp-server-time;
    toolweave servers add npm:@modelcontextprotocol/server-memory --disposable;
    toolweave servers add https://example.com/mcp --header 'Authorization: Bearer ${TOKEN}';
    toolweave servers add --name notes -- python notes.py --db '${WORKSPACE}/notes.db'

    Exit codes: 0 added, 1 it does not start, 2 bad input.
    """
    wish = Source(source, mcp.resolve().parent, tuple(beside or ()), program)
    options = {"disposable": disposable, "allow": allow or [], "deny": deny or []}

    def completed(found: Found) -> dict[str, Any]:
        return _completed(found.entry, env or (), header or (), {key: item for key, item in options.items() if item})

    with console.kind_errors():
        _refuse_taken(mcp, name or name_beforehand(wish), force)
    if package_behind(source) or package_of(source[0], wish.folder):
        console.say(f"installing {source[0]} into {FOLDER}/ beside {mcp.name}, this may take a minute")
    own, found, trial = console.execute(_try, wish, name, completed, mcp)
    entry = completed(found)
    _settle(mcp, own, entry, trial, force=force, untried=untried, as_json=as_json, advice=_where_to_write(found, entry))


async def _try(wish: Source, name: str | None, completed: Any, mcp: Path) -> tuple[str, Found, Trial]:
    """What was found, tried; a package that wants an older MCP SDK is installed with that."""
    found = await find(wish)
    own = name or found.name
    trial = await try_server(spec_of(own, completed(found), mcp))
    if (
        trial.info is None
        and found.package
        and not wish.beside
        and "older MCP SDK" in remedy(trial.failure, trial.spec)
    ):
        console.say(f"{own} was written for an older MCP SDK; installing it with mcp<2")
        again = Source(wish.words, wish.folder, ("mcp<2", "pydantic<2.12"), wish.program)
        found = await find(again)
        trial = await try_server(spec_of(own, completed(found), mcp))
    return own, found, trial


def _where_to_write(found: Found, entry: dict[str, Any]) -> str:
    """How a package is told to keep its files in the workspace, where its code asks and the entry does not say."""
    places = found.package.places if found.package else ()
    if not places or "${WORKSPACE}" in canonical(entry) or any(name in entry.get("env", {}) for name in places):
        return ""
    file = "data" if "DIR" in places[0] else "data.db" if "DB" in places[0] else "data.json"
    return (
        f"it may write to its workspace only, and asks {' and '.join(places[:3])} where: if it keeps files, add it "
        f"again with --force --env '{places[0]}=${{WORKSPACE}}/{file}'"
    )


def _completed(
    entry: dict[str, Any],
    env: list[str] | tuple[str, ...],
    headers: list[str] | tuple[str, ...],
    options: dict[str, Any],
) -> dict[str, Any]:
    entry = dict(entry)
    if env:
        pairs = [text.partition("=") for text in env]
        entry["env"] = {name: value if equals else f"${{{name}}}" for name, equals, value in pairs}
    if headers:
        if "url" not in entry:
            raise ConfigError("--header goes with an address only")
        entry["headers"] = {name.strip(): value.strip() for name, _, value in (text.partition(":") for text in headers)}
    ours = {**entry.pop("toolweave", {}), **options}
    return {**entry, "toolweave": ours} if ours else entry


def _settle(
    mcp: Path,
    name: str,
    entry: dict[str, Any],
    trial: Trial,
    *,
    force: bool,
    untried: bool,
    as_json: bool,
    advice: str = "",
) -> None:
    """Write a server that was tried, say what came of it, and leave when it does not start."""
    if trial.info is not None or untried:
        with console.kind_errors():
            _refuse_taken(mcp, name, force)
            put_entry(mcp, name, entry)
    _tell(mcp, name, entry, trial, as_json, advice)
    if trial.info is None:
        raise typer.Exit(1)


def _refuse_taken(mcp: Path, name: str | None, force: bool) -> None:
    if name is not None and not force and mcp.exists() and name in entry_names(mcp):
        raise ConfigError(f"{mcp}: there is a server {name!r} already; --force replaces it, --name gives another")


def _tell(mcp: Path, name: str, entry: dict[str, Any], trial: Trial, as_json: bool, advice: str) -> None:
    if trial.info is None:
        says = f"{name} does not start: {told(trial)}"
    else:
        package = entry.get("toolweave", {}).get("package")
        says = f"added {name}{f' ({package})' if package else ''} to {mcp}: {_offer(trial)}"
        says = "; ".join([says, *complaints(trial), *([advice] if advice else [])])
    if as_json:
        facts = {"name": name, "ok": trial.info is not None, "says": says, "entry": entry}
        console.print_json({**facts, "tools": [tool.name for tool in trial.tools], "callable": trial.callable})
    elif trial.info is None:
        console.say(says)
    else:
        console.out.print(says)


def _offer(trial: Trial) -> str:
    total, callable_ = len(trial.tools), len(trial.callable)
    if total == callable_:
        return f"{total} tools, all may be called"
    if not callable_:
        return f"{total} tools"
    return f"{total} tools, {callable_} may be called, the others change something: {how_to_allow(trial)}"


@app.command()
def remove(name: Annotated[str, typer.Argument(help="The server's name.")], mcp: McpOption = Path("mcp.json")) -> None:
    """Take a server out of an mcp.json. What was installed for it stays in .servers/.

    Example: toolweave servers remove clock

    Exit codes: 0 removed, 2 there is no such server.
    """
    with console.kind_errors():
        names = entry_names(mcp)
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(names) or 'none'}"
            raise ConfigError(f"{mcp}: there is no server {name!r}; {hint}")
        remove_entry(mcp, name)
    console.out.print(f"removed {name} from {mcp}")


@app.command()
def simulate(
    tools: Annotated[
        Path, typer.Option("--tools", help='{"tools": […]}, or lines with "server" and "tools"; also .gz.')
    ],
    server: Annotated[
        str | None, typer.Option("--server", help="Which server of the file, where it has several.")
    ] = None,
    mcp: Annotated[Path, typer.Option("--out", "--mcp", help="The mcp.json to write into.")] = Path("mcp.json"),
    name: NameOption = None,
    seed: Annotated[int, typer.Option("--seed", help="Which things there are at the start.")] = 7,
    model: Annotated[
        str, typer.Option("--model", help="Who writes what the rules leave open: an endpoint's model id, or offline.")
    ] = OFFLINE,
    base_url: BaseUrlOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Add a server that imitates tools from their schemas alone: stateful, by rules, and the same for the same seed.

    For tools that cannot be run here. Samples from it are marked: `simulated` in their `servers`. With --model, a model
    writes what the rules leave open; all that it writes is kept in simulated/, and asked for once only.

    Examples: toolweave servers simulate --tools crm.tools.json --out mcp.json;
    toolweave servers simulate --tools crm.tools.json --model my-model --base-url http://127.0.0.1:8000/v1

    Exit codes: 0 added, 1 it does not start, 2 bad input.
    """
    with console.kind_errors():
        found, listed = chosen(read_catalogue(tools), server, tools)
        own = name or plain_name(found)
        _refuse_taken(mcp, own, force)
        imitating = Imitating(model, base_url) if model != OFFLINE else None
        entry = simulating_entry(own, listed, mcp.resolve().parent, seed, imitating)
        spec = spec_of(own, entry, mcp)
    if imitating is not None:
        console.say(f"{model} writes what {own} holds at the beginning, this may take minutes")
    trial = console.execute(try_server, spec)
    _settle(mcp, own, entry, trial, force=force, untried=False, as_json=as_json)
