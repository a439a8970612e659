"""Which teacher stands behind the roles, the embedded one or an endpoint; and which model judges what it made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolweave.agent.cast import Cast, Role
from toolweave.agent.endpoint.options import EndpointOptions, Prices
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.roles import Model
from toolweave.pipeline.gates.judging import Panel
from toolweave.pipeline.gates.rubric import Rubric, load_rubric
from toolweave.pipeline.plugins import load_part, part_names
from toolweave.pipeline.settings import Pace, RunSettings
from toolweave.servers.errors import ConfigError

if TYPE_CHECKING:
    from toolweave.agent.endpoint.shelf import Shelf
    from toolweave.agent.endpoint.teacher import EndpointTeacher

OFFLINE = "offline"
NO_ROLES: Mapping[Role, str] = {}
IN_FLIGHT = 32
"""Requests to an endpoint at a time, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """A model, and what the manifest says of it."""

    model: Model
    facts: Callable[[], dict[str, Any]]
    """Name, and for an endpoint: tokens and cost per role, digests of the prompts, how replies are held to a schema."""
    panel: Panel | None = None
    """Who judges finished samples, where a rubric was given."""


@asynccontextmanager
async def open_teacher(
    model: str,
    base_url: str | None,
    prompts: Path | None = None,
    options: EndpointOptions | None = None,
    rubric: Rubric | None = None,
    shelf: Shelf | None = None,
    roles: Mapping[Role, str] = NO_ROLES,
) -> AsyncGenerator[Teacher]:
    """The teacher of this name, ready to be asked, with those who play a role in its place, and its judge.

    Raises:
        ConfigError: The endpoint's address is none, the folder of prompts is none, or nobody can judge.
    """
    async with AsyncExitStack() as stack:

        async def endpoint(name: str, url: str | None) -> EndpointTeacher:
            from toolweave.agent.endpoint.teacher import EndpointTeacher  # half a second that `offline` does not need

            opened = EndpointTeacher(name, url, options=options, prompts=prompts, shelf=shelf)
            return await stack.enter_async_context(opened)

        endpoints: dict[str, EndpointTeacher] = {}
        own: dict[str, Model] = {}
        for name in dict.fromkeys([model, *roles.values()]):
            if name == OFFLINE:
                own[name] = OfflineTeacher()
            elif base_url is None and name in part_names("teachers"):
                own[name] = _of_a_package(name)
            else:
                endpoints[name] = await endpoint(name, base_url)
        players = own | endpoints
        teacher = endpoints.get(model)
        cast: dict[Role, Model] = {role: players[name] for role, name in roles.items()}
        judge = panel = None
        if rubric is not None:
            shared = teacher if not (rubric.model or rubric.base_url) else None
            judge = shared or await endpoint(_judging(rubric, model), rubric.base_url or base_url)
            panel = Panel(judge, rubric)
        lead = Cast(players[model], cast) if cast else players[model]
        asked: dict[Role, EndpointTeacher] = {
            role: endpoints[name] for role, name in roles.items() if name in endpoints
        }
        yield Teacher(lead, lambda: _facts(model, teacher, asked, judge, options, roles), panel)


def _of_a_package(name: str) -> Model:
    """A teacher that another package brings along."""
    made: Model = load_part("teachers", name)()
    if missing := [role for role in vars(Model) if not role.startswith("_") and not hasattr(made, role)]:
        raise ConfigError(f"teachers: {name!r} has no {missing[0]!r}; see toolweave.agent.roles.Model")
    return made


def rubric_of(settings: RunSettings) -> Rubric | None:
    """What a run's samples are judged by, where they are.

    Raises:
        ConfigError: The file cannot be read, or is no rubric.
    """
    return load_rubric(settings.judge) if settings.judge is not None else None


def teacher_of(
    settings: RunSettings, pace: Pace, rubric: Rubric | None, shelf: Shelf | None = None
) -> AbstractAsyncContextManager[Teacher]:
    """The teacher of a run, with its judge; as `open_teacher`."""
    options = options_of(pace)
    return open_teacher(settings.model, settings.base_url, settings.prompts, options, rubric, shelf, settings.roles)


def _judging(rubric: Rubric, teacher: str) -> str:
    if rubric.model is None and teacher == OFFLINE:
        raise ConfigError("--judge: the offline teacher cannot judge; name a model in the rubric (model, base_url)")
    return rubric.model or teacher


def _facts(
    name: str,
    teacher: EndpointTeacher | None,
    others: Mapping[Role, EndpointTeacher],
    judge: EndpointTeacher | None,
    options: EndpointOptions | None,
    roles: Mapping[Role, str],
) -> dict[str, Any]:
    """What the manifest says; the judge's tokens count as those of one more role."""
    cast = {"roles": dict(roles)} if roles else {}
    asked = [one for one in (teacher, *others.values(), judge) if one is not None]
    if not asked:
        return {"name": name, **cast}
    usage = teacher.usage() if teacher is not None else {}
    usage |= {role: one.usage()[role] for role, one in others.items()}
    if judge is not None:
        usage |= {"judge": judge.usage()["judge"]}
    prices = {"prices": asdict(options.prices)} if options is not None and options.prices is not None else {}
    judged_by = {"judge": judge.name} if judge is not None else {}
    first = asked[0]
    prompts = first.prompt_digests()
    return {
        "name": name,
        **cast,
        **judged_by,
        "usage": usage,
        "prompts": prompts,
        "json_mode": first.json_mode,
        **prices,
    }


def options_of(pace: Pace) -> EndpointOptions:
    """How an endpoint is used at this pace."""
    prices = None
    if pace.price_in is not None and pace.price_out is not None:
        prices = Prices(pace.price_in, pace.price_out)
    in_flight = pace.in_flight or max(IN_FLIGHT, pace.concurrency)
    return EndpointOptions(max_in_flight=in_flight, max_attempts=pace.retries + 1, prices=prices)
