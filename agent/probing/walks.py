"""Walks: sequences of calls about the same things, from fresh environments, to find what enables and disables what.

In every situation the calls that are expected to fail come first: they change nothing, so many fit into one
situation. A call that works leads to the next situation. The next walk from the same origin takes another branch, so
that the same call is seen without and with each of the others before it.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from toolweave.agent.patterns import argument_leaves, get, place_of, put
from toolweave.agent.probing.calltext import Birth, arguments_of, call_text
from toolweave.agent.probing.destinations import missing_halves, most_to_learn
from toolweave.agent.probing.effects import WORKED, Action, Effects, End, Situation
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.filling import Filled, fitted
from toolweave.agent.probing.prior import looks_reading
from toolweave.agent.probing.session import Observation, Session
from toolweave.agent.probing.snapshot import Snapshot, read_about, take_snapshot
from toolweave.graph.fields import Scalar, leaves
from toolweave.graph.learning.links import Link
from toolweave.graph.learning.values import distinctive, key
from toolweave.servers.json_values import canonical
from toolweave.servers.tools import Tool

RARE = 12.0
"""How much more is learned from the first success of a tool than from one open question."""
BEYOND = 5
"""Calls that work after the end of the known path, in one walk."""
ORIGINS_PER_KIND = 5
WALKS_AT_ONCE = 12
"""Walks on one environment: the more, the likelier they meet."""
FEW = 6
"""Things that are seen with more others than this hold nothing together."""
MOST_VARIANTS = 3
MOST_REPAIRS = 2
FEWEST_WALKS = 6
"""Walks on one environment below which more things to walk from are looked for."""
MORE_READS = 4
"""Calls of each reading tool in search of more things."""
MOST_DRY = 2
"""Walks from one origin that bring nothing new, after which it is left."""
MOST_TIMES = 2
"""Times that one tool may work in one walk."""
WALKS_ALIKE = 4
"""Of so many walks from one origin, one makes other choices of arguments."""
FIRST_TIMES = 2
"""Times that a call about a thing that has just been made is tried, whatever is known of such things."""
LOOKS = 1
"""Times that outputs are read before and after a tool that seems to change nothing."""
NOWHERE = "nothing"
"""The origin of walks that are about no thing in particular."""


@dataclass(slots=True)
class Walk:
    """One walk under way."""

    origin: str
    things: list[Scalar]
    """What the walk is about, most telling first."""
    situation: Situation
    born: dict[str, Birth] = field(default_factory=dict[str, Birth])
    """Value, as text → when it was made."""
    variant: int = 0
    snapshot: Snapshot | None = None
    """What reading tools return in the present situation, if it was looked up."""

    def about(self, values: list[Scalar]) -> None:
        """Add things."""
        known = {key(value) for value in self.things}
        self.things = [*(value for value in values if key(value) not in known), *self.things]


@dataclass(frozen=True, slots=True)
class Prospect:
    """A call that a walk could make next."""

    action: Action
    kind: Action
    """The tool and the choice of arguments, without the things that it is about."""
    tool: Tool
    filled: Filled
    life: Situation
    """What was done since the thing that it is about was made; empty when that exists from the start."""
    known: End | None
    """How it ends here."""
    before: End | None
    """How it ended before the last step."""
    missing: bool = False
    """Whether it is known how it ends one step further."""


@dataclass
class Walker:
    """All walks on one server."""

    explorer: Explorer
    rng: random.Random
    effects: Effects = field(default_factory=Effects)
    _templates: dict[tuple[str, Action], dict[str, Any]] = field(
        default_factory=dict[tuple[str, Action], dict[str, Any]]
    )
    _walked: Counter[str] = field(default_factory=Counter[str])
    _repairs: Counter[tuple[str, Action]] = field(default_factory=Counter[tuple[str, Action]])
    _done: Counter[str] = field(default_factory=Counter[str])
    """Tool id → times that it worked in walks."""
    _dry: Counter[str] = field(default_factory=Counter[str])
    _exhausted: set[str] = field(default_factory=set[str])
    _known_about: dict[str, list[Scalar]] = field(default_factory=dict[str, list[Scalar]])
    _environments: int = 0
    _read_on: int = 3
    """Times that more things may still be looked for."""
    _touched: dict[str, str] = field(default_factory=dict[str, str])
    """On the present environment: value that a call was given that worked → origin of the walk that made the call."""
    _values: dict[str, Scalar] = field(default_factory=dict[str, Scalar])
    """Things made on the way, by their text."""
    _owners: dict[str, str] = field(default_factory=dict[str, str])
    """On the present environment: value → origin of the walk that it belongs to."""

    async def walk_all(self, session: Session) -> bool:
        """Some walks on one fresh environment; whether there is anything left to walk from.

        Raises:
            OutOfBudget: No call is left.
            ServerLost: The server died.
        """
        self._owners, self._touched = {}, {}
        origins = self._present()
        if len(origins) < FEWEST_WALKS and self._read_on > 0:
            self._read_on -= 1
            origins = self._present() if await self._read_more(session) else origins
        turn = self._environments % len(origins) if origins else 0
        origins = origins[turn:] + origins[:turn]
        self._environments += 1
        for name, things in origins:
            self._owners |= {key(value): name for value in things}
        for name, things in origins:
            known = self.effects.exact.size()
            self.effects.refresh()
            walk = Walk(name, list(things), (name,), variant=_variant(self._walked[name]))
            self._walked[name] += 1
            await self._acquaint(walk, session)
            await self._walk(walk, session)
            self._dry[name] = self._dry[name] + 1 if self.effects.exact.size() == known else 0
            if self._dry[name] >= MOST_DRY:
                self._exhausted.add(name)
        return bool(origins)

    async def _read_more(self, session: Session) -> bool:
        """Read about more things when all known ones have been walked from; whether new ones turned up."""
        known = len(self.explorer.first_seen)
        for tool in self.explorer.tools:
            if not looks_reading(tool) or not self.explorer.filler.naming(tool):
                continue
            for attempt in range(MORE_READS):
                filled = self.explorer.filler.fill(tool, attempt, avoid=self.explorer.made, guess=False)
                if filled is not None:
                    self.explorer.filler.used(tool, filled)
                    await session.call(tool, filled.arguments)
        return len(self.explorer.first_seen) > known

    async def _acquaint(self, walk: Walk, session: Session) -> None:
        """Read what there is to read about the origin once: it belongs to the walk as well, as the lesser part."""
        if walk.origin not in self._known_about:
            found: dict[str, Scalar] = {}
            for seen in await read_about(self.explorer, walk.things, session):
                given = {key(value) for _, value in argument_leaves(seen.arguments)}
                found |= {
                    key(leaf.value): leaf.value
                    for leaf in leaves(seen.result.value)
                    if distinctive(leaf.value) and key(leaf.value) not in given
                }
            self._known_about[walk.origin] = [*found.values()][:FEW]
        walk.things += [value for value in self._known_about[walk.origin] if key(value) not in self._owners]

    def _present(self) -> list[tuple[str, list[Scalar]]]:
        """The origins to walk from now: the same ones until nothing new is learned there."""
        found: list[tuple[str, list[Scalar]]] = []
        for group, share in self._origins():
            left = [origin for origin in group if origin[0] not in self._exhausted]
            found += left[:share]
        apart: list[tuple[str, list[Scalar]]] = []
        for origin in found:
            if not any(self._related(origin[0], other) for other, _ in apart):
                apart.append(origin)
        return apart[:WALKS_AT_ONCE]

    def _origins(self) -> list[tuple[list[tuple[str, list[Scalar]]], int]]:
        """(origins of one kind, how many of them to walk from at once), the kind that most tools are about first."""
        kinds: list[tuple[set[str], set[str]]] = []
        for link in self.explorer.filler.links.values():
            if looks_reading(link.tool) or not link.accepted or not link.parameter.required:
                continue
            texts = set(link.accepted)
            known = next((kind for kind in kinds if kind[0] & texts or self._alike(kind[0], link)), None)
            if known is None:
                kinds.append((texts, {link.tool.id}))
            else:
                known[0].update(texts)
                known[1].add(link.tool.id)
        found = [([(NOWHERE, list[Scalar]())], 1)]
        covered: set[str] = set()
        for texts, tools in sorted(kinds, key=lambda kind: -len(kind[1])):
            if tools <= covered:
                continue
            covered |= tools
            like = [text for text in self.explorer.first_seen if text in texts or self._of_kind(texts, text)]
            like.sort(key=lambda text: -self._use(text))
            share = ORIGINS_PER_KIND if len(tools) > 1 else 1
            found.append(([(text, [self.explorer.first_seen[text]]) for text in like], share))
        return found

    def _use(self, text: str) -> int:
        """How many tools that are not for reading worked with a value."""
        return sum(text in link.worked for link in self.explorer.filler.links.values() if not looks_reading(link.tool))

    def _related(self, one: str, other: str) -> bool:
        """Whether two things were seen together, or both with a third that is seen with few."""
        near = self.explorer.initial.near
        first, second = near.get(one, {}), near.get(other, {})
        return other in first or any(len(near.get(text, {})) <= FEW for text in first if text in second)

    def _alike(self, kind: set[str], link: Link) -> bool:
        return any(link.fits(text) for text in sorted(kind))

    def _of_kind(self, kind: set[str], text: str) -> bool:
        return any(
            link.fits(text) for link in self.explorer.filler.links.values() if not kind.isdisjoint(link.accepted)
        )

    async def _walk(self, walk: Walk, session: Session) -> None:
        """Go where most can be learned, by calls that worked before, and try from there on what is not known."""
        for action in most_to_learn(self.effects, walk.origin)[1:]:
            prospect = self._as_before(walk, action)
            if prospect is None or not await self._try(walk, prospect, session):
                return
        for _ in range(BEYOND):
            for prospect in self._untried(walk, self._prospects(walk)):
                if await self._try(walk, prospect, session):
                    break
            else:
                return

    def _prospects(self, walk: Walk) -> list[Prospect]:
        """Calls that are about things of the walk or about nothing in particular, and calls missing here."""
        found: dict[Action, Prospect] = {}
        for tool in self.explorer.tools:
            if looks_reading(tool):
                continue
            if self._concerns(tool, walk) or (walk.origin == NOWHERE and not self.explorer.filler.naming(tool)):
                prospect = self._prospect(walk, walk.variant % self._variants(tool), tool)
                if prospect is not None:
                    found.setdefault(prospect.action, prospect)
        for action in missing_halves(self.effects, walk.situation):
            prospect = self._as_before(walk, action)
            if prospect is not None:
                found[action] = replace(prospect, missing=True)
        return list(found.values())

    def _prospect(self, walk: Walk, variant: int, tool: Tool) -> Prospect | None:
        filled = self._filled(walk, (tool.id, str(variant)), tool)
        if filled is None or self._meddles(walk, filled):
            return None
        return self._as_prospect(walk, (tool.id, str(variant)), tool, filled)

    def _meddles(self, walk: Walk, filled: Filled) -> bool:
        """Whether a call is about something that another walk has been busy with on this environment."""
        return any(self._touched.get(key(value), walk.origin) != walk.origin for value in filled.named.values())

    def _as_before(self, walk: Walk, action: Action) -> Prospect | None:
        """A call that was made in another walk from this origin, about the same things."""
        tool = self.explorer.by_id[action[0]]
        arguments = arguments_of(action, {birth: self._values[text] for text, birth in walk.born.items()})
        if arguments is None:
            return None
        filled = Filled(arguments)
        for one in self.explorer.filler.naming(tool):
            try:
                filled.named[one.path] = get(arguments, place_of(one.path))
            except KeyError:
                continue
        if self._meddles(walk, filled):
            return None
        return self._as_prospect(walk, self.effects.kind(action), tool, filled)

    def _as_prospect(self, walk: Walk, kind: Action, tool: Tool, filled: Filled) -> Prospect:
        action = (tool.id, call_text(filled.arguments, walk.born))
        self.effects.kinds[action] = kind
        births = [walk.born[key(value)][0] for value in filled.named.values() if key(value) in walk.born]
        start = max(births, default=0)
        life = tuple(self.effects.kind(step) for step in walk.situation[start:] if not isinstance(step, str))
        life = life if start else ()
        known = self._known(walk.situation, action, life, kind)
        before = self._known(walk.situation[:-1], action, life[:-1], kind)
        return Prospect(action, kind, tool, filled, life, known, before)

    def _known(self, situation: Situation, action: Action, life: Situation, kind: Action) -> End | None:
        exact = self.effects.exact.known(situation, action)
        return exact if exact is not None or not life else self.effects.lives.known(life, kind)

    def _concerns(self, tool: Tool, walk: Walk) -> bool:
        for parameter in self.explorer.filler.naming(tool):
            link = self.explorer.filler.links[tool.id, parameter.path]
            if any(link.fits(value) for value in walk.things):
                return True
        return False

    def _variants(self, tool: Tool) -> int:
        """Required choices are worth trying one by one."""
        sizes = [
            len(link.parameter.schema["enum"])
            for link in self.explorer.filler.links.values()
            if link.tool.id == tool.id and link.parameter.required and "enum" in link.parameter.schema
        ]
        return min(max(sizes, default=1), MOST_VARIANTS)

    def _untried(self, walk: Walk, prospects: list[Prospect]) -> list[Prospect]:
        """What is worth trying here: likely failures first, then what leads to the least known."""
        found: list[tuple[bool, bool, float, Action, Prospect]] = []
        for one in prospects:
            if one.action in self.effects.exact.ends.get(walk.situation, {}) or self._often(walk, one):
                continue
            if one.missing or self._teaches(walk, one):
                likely = not one.before and not one.known
                news = self._news(one, prospects) + RARE / (1 + self._done[one.tool.id])
                found.append((likely, not one.missing, -news, one.action, one))
        return [item[-1] for item in sorted(found, key=lambda item: item[:4])]

    def _teaches(self, walk: Walk, one: Prospect) -> bool:
        """Whether it is worth knowing how a call ends after the last step."""
        last = walk.situation[-1]
        if isinstance(last, str):
            return one.known is None
        if self.effects.suspected(last, one.tool.id):
            return True
        if one.before is None:
            return self.effects.firsts[self.effects.kind(last), one.tool.id] < FIRST_TIMES
        return not self.effects.settled(last, one.tool.id, one.before)

    def _often(self, walk: Walk, one: Prospect) -> bool:
        """Whether the tool has worked in this walk often enough."""
        return sum(step[0] == one.tool.id for step in walk.situation if not isinstance(step, str)) >= MOST_TIMES

    def _news(self, first: Prospect, prospects: list[Prospect]) -> int:
        """Of how many calls it is not known how they end after `first`."""
        return sum(
            1 + 3 * self.effects.suspected(first.kind, other.tool.id)
            for other in prospects
            if other.tool.id != first.tool.id and not self.effects.settled(first.kind, other.tool.id, other.known)
        )

    async def _try(self, walk: Walk, one: Prospect, session: Session) -> bool:
        """Make one call; whether it worked and led to a new situation."""
        await self._look(walk, one, session)
        seen = await session.call(one.tool, one.filled.arguments)
        self.explorer.judge(seen, one.filled)
        if not seen.worked:
            if not self._disturbed(walk, seen) and not self.explorer.refused(seen, one.filled):
                self._note(walk, one, self.effects.end(seen))
            return await self._try_otherwise(walk, one, seen, session)
        self.explorer.worked[one.tool.id].append(seen)
        self._done[one.tool.id] += 1
        self._touched |= {key(value): walk.origin for value in one.filled.named.values()}
        self._note(walk, one, WORKED)
        walk.situation = (*walk.situation, one.action)
        self._take_in(walk, seen)
        await self._look_again(walk, one.tool, session)
        return True

    async def _try_otherwise(self, walk: Walk, one: Prospect, seen: Observation, session: Session) -> bool:
        """Where an error is about a thing that is not the walk's, another thing may do; found once per origin."""
        name = (walk.origin, one.kind)
        own = {key(value) for value in walk.things}
        foreign = [value for value in one.filled.named.values() if key(value) not in own and seen.mentions(value)]
        if not foreign or self._repairs[name] >= MOST_REPAIRS:
            return False
        self._repairs[name] += 1
        filled = self.explorer.filler.fill(one.tool, int(one.kind[1]), prefer=walk.things, avoid=self._not_for(walk))
        if filled is None:
            return False
        self.explorer.filler.used(one.tool, filled)
        self._templates[name] = filled.arguments
        again = self._prospect(walk, int(one.kind[1]), one.tool)
        return again is not None and await self._try(walk, again, session)

    def _note(self, walk: Walk, one: Prospect, end: End) -> None:
        self.effects.exact.note(walk.situation, one.action, end)
        last = walk.situation[-1]
        if one.before is None and not isinstance(last, str):
            self.effects.firsts[self.effects.kind(last), one.tool.id] += 1
        if one.life:
            self.effects.lives.note(one.life, one.kind, end)

    def _take_in(self, walk: Walk, seen: Observation) -> None:
        """What a call was given and what it made belongs to the walk from now on."""
        given = [value for _, value in argument_leaves(seen.arguments) if distinctive(value)]
        made = [leaf.value for leaf in leaves(seen.result.value) if distinctive(leaf.value)]
        known = {key(value) for value in (*given, *walk.things)} | self.explorer.first_seen.keys()
        fresh = [value for value in dict.fromkeys(made) if key(value) not in known][:4]
        walk.about([*fresh, *given])
        self._values |= {key(value): value for value in fresh}
        walk.born |= {key(value): (len(walk.situation) - 1, number) for number, value in enumerate(fresh)}
        self._owners |= {key(value): walk.origin for value in fresh}

    async def _look(self, walk: Walk, one: Prospect, session: Session) -> None:
        """Read before a call of which it is not known yet what it changes."""
        if self.effects.compared[one.tool.id] >= LOOKS or one.tool.id in self.effects.changed or one.known != WORKED:
            return
        if walk.snapshot is None or walk.snapshot.situation != walk.situation:
            walk.snapshot = await take_snapshot(self.explorer, walk.things, walk.situation, session)

    async def _look_again(self, walk: Walk, tool: Tool, session: Session) -> None:
        old = walk.snapshot
        if old is None or old.situation != walk.situation[:-1]:
            return
        walk.snapshot = new = await old.again(walk.situation, session)
        self.effects.compared[tool.id] += 1
        if changed := old.differing(new):
            self.effects.changed.setdefault(tool.id, set()).update(changed)

    def _disturbed(self, walk: Walk, seen: Observation) -> bool:
        """Whether a call failed because of what another walk has done."""
        own = {key(value) for value in walk.things}
        return any(
            owner != walk.origin and text not in own and seen.mentions(text) for text, owner in self._owners.items()
        )

    def _filled(self, walk: Walk, action: Action, tool: Tool) -> Filled | None:
        """Arguments: things of the walk where they fit; the rest as in every walk from this origin."""
        name = (walk.origin, action)
        if name not in self._templates:
            template = self._template(walk, action, tool)
            if template is None:
                return None
            self._templates[name] = template
        filled = Filled({})
        arguments: dict[str, Any] = self._templates[name]
        for link in (self.explorer.filler.links[tool.id, one.path] for one in self.explorer.filler.naming(tool)):
            path = link.parameter.path
            fitting = [value for value in walk.things if link.fits(value) and value not in filled.named.values()]
            filled.named[path] = fitting[0] if fitting else get(arguments, place_of(path))
        filled.arguments = _with(arguments, filled.named, self.explorer.filler.links, tool)
        return filled

    def _template(self, walk: Walk, action: Action, tool: Tool) -> dict[str, Any] | None:
        """Arguments that worked once if their things exist from the start, else well-chosen ones."""
        variant = int(action[1])
        worked = [seen.arguments for seen in self.explorer.worked[tool.id] if self._exists(seen, walk)]
        distinct = list({canonical(arguments): arguments for arguments in worked}.values())
        if distinct and variant == 0 and self._variants(tool) == 1:
            texts = {key(value) for value in walk.things}
            fitting = [one for one in distinct if any(key(value) in texts for _, value in argument_leaves(one))]
            return self.rng.choice(fitting or distinct)
        filled = self.explorer.filler.fill(tool, variant, prefer=walk.things, avoid=self._not_for(walk))
        if filled is None:
            return None
        self.explorer.filler.used(tool, filled)
        return filled.arguments

    def _not_for(self, walk: Walk) -> frozenset[str]:
        """Values that other walks are about, and values that no longer or not yet exist."""
        owners = {**self._touched, **self._owners}
        taken = frozenset(text for text, owner in owners.items() if owner != walk.origin)
        return taken | {text for text in self.explorer.filler.pools.near if text not in self.explorer.first_seen}

    def _exists(self, seen: Observation, walk: Walk) -> bool:
        """Whether everything that a call names exists on a fresh environment and is no other walk's."""
        texts = [key(value) for _, value in argument_leaves(seen.arguments) if distinctive(value)]
        return all(
            text in self.explorer.first_seen
            and self._owners.get(text, walk.origin) == walk.origin
            and self._touched.get(text, walk.origin) == walk.origin
            for text in texts
        )


def _variant(walked: int) -> int:
    return walked // WALKS_ALIKE + 1 if walked % WALKS_ALIKE == WALKS_ALIKE - 1 else 0


def _with(
    arguments: dict[str, Any], named: dict[str, Scalar], links: dict[tuple[str, str], Link], tool: Tool
) -> dict[str, Any]:
    changed = copy.deepcopy(arguments)
    for path, value in named.items():
        put(changed, path, fitted(value, links[tool.id, path].parameter))
    return changed
