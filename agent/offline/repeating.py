"""The same thing for several: what is asked for once, and what else it is wanted for."""

from __future__ import annotations

from collections.abc import Sequence

from toolweave.agent.offline.describing import Describer
from toolweave.agent.offline.english import joined
from toolweave.agent.offline.entries import ANY
from toolweave.agent.offline.naming import listed
from toolweave.agent.offline.phrase import Told
from toolweave.agent.offline.picture import Pictured
from toolweave.agent.offline.saying import spoken_value
from toolweave.agent.offline.several import SAME_AGAIN, SAME_FOR
from toolweave.agent.offline.telling import clause
from toolweave.agent.offline.wording import Group


def like_before(calls: Sequence[Pictured], number: int) -> int | None:
    """The first earlier call of the same tool with values for the same parameters."""
    call = calls[number]
    for at, other in enumerate(calls[:number]):
        same_tool = other.happened.tool.id == call.happened.tool.id
        alike = set(other.happened.arguments) == set(call.happened.arguments)
        if same_tool and alike and other.happened.arguments != call.happened.arguments:
            return at
    return None


def same_for(describer: Describer, numbers: Sequence[int], told: Told) -> None:
    """Add to a phrase that the same is wanted for what further calls are about."""
    things: list[str] = []
    for number in numbers:
        things.append(_differing(describer, number, told))
        told.calls.add(number)
    if not things:
        return
    rng = describer.rng
    if all(thing.startswith(("with ", "on ", "at ", "in ", "until ", "from ")) for thing in things):
        tail = rng.choice(SAME_AGAIN).format(joined(things))
    else:
        tail = rng.choice(SAME_FOR).format(joined(things))
    told.phrase = f"{told.phrase}{rng.choice((', and ', ' and '))}{tail}"


def _differing(describer: Describer, number: int, told: Told) -> str:
    """What a call is about that sets it apart from the one before it; what they share is not said again."""
    call = describer.calls[number]
    words: list[str] = []
    for feed in call.feeds:
        if not feed.identifies:
            continue
        if feed.call is not None and feed.call not in told.calls:
            thing = describer.thing(feed, number, told)
            words += [thing] if thing is not None else []
        elif feed.telling:
            words.append(
                f"the {feed.ordinal or 'next'} one"
                if feed.ordinal or feed.telling == (ANY,)
                else f"the one {listed(feed, describer.banned, describer.rng)}"
            )
    for group in describer.values.unheard(call.groups, told):
        shown = [spoken_value(item.value, item.schema) for item in group.items]
        told.said += zip(group.items, shown, strict=True)
        if not all(text in told.phrase for text in shown):
            words.append(_worded(describer, group, call.groups, shown, bool(words)))
    return " ".join(words) or "the other one"


def _worded(describer: Describer, group: Group, groups: Sequence[Group], shown: Sequence[str], further: bool) -> str:
    """A value with what it is, unless it is the only text of its call."""
    texts = [one for one in groups if isinstance(one.first.value, str)]
    if texts == [group] and not further and len(shown) == 1:
        return shown[0]
    tail = clause(group, describer.banned, describer.rng).tail
    return tail or joined(shown)
