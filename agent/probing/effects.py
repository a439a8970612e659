"""What walks have shown: which call, made first, lets another succeed or fail, and which calls change what is read.

Where only one step between the two points of a trial can have made the difference, that step has an effect; where
several can, the trial stays open until a goal (see `goals`) tells them apart.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from toolweave.agent.probing.calltext import Action, newest_step
from toolweave.agent.probing.complaints import Complaint, Mark, Reasons
from toolweave.agent.probing.errors import Errors
from toolweave.agent.probing.state_edges import affects_edge, state_edge
from toolweave.agent.probing.trials import UNKNOWN, WORKED, End, Rows, Situation, Trial, as_close, closeness
from toolweave.graph.model import Edge, Effect

HARMLESS_AFTER = 2
"""Equal ends before and after a step, without any that differed, after which it is taken to make no difference."""
KNOWN_AGAIN = 2
"""Equal ends of a call made twice in a row, after which it is not made twice any more."""
ALIKE_SHARE, ANY_SHARE = 0.4, 0.85
"""What is left of the worth of a trial after an equal one in the same manner, and after one in any manner."""
LIKELY_SO = 0.5
"""What is left of the worth of a trial when a complaint that changed speaks for the effect."""
STUCK_AFTER = 3.0
"""Steps that did not move an error, after which it is worth half as much to try another."""
LOCKED = 0.7
"""Worth of trying again what has failed, beside what has worked."""
LOCKED_OUT = 1.5
"""How much more it is worth for a tool that never worked."""
HINT = 2.5
"""How much more a trial is worth when the error speaks of what the step does."""


@dataclass(slots=True)
class Effects:
    """All that is known of what calls do to one another."""

    exact: Rows = field(default_factory=Rows)
    manners: dict[tuple[Action, Action], str] = field(default_factory=dict[tuple[Action, Action], str])
    """(step, call) → by which parameters the call is about what the step is about; empty when by none."""
    changed: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Tool id → ids of tools whose output was different after it."""
    compared: Counter[str] = field(default_factory=Counter[str])
    """Tool id → times that outputs were read before and after it."""
    open: list[tuple[Trial, tuple[Action, ...]]] = field(default_factory=list[tuple[Trial, tuple[Action, ...]]])
    """Trials in which several steps can have made the difference, and those steps."""
    _same: dict[tuple[str, str, Effect], Counter[str]] = field(
        default_factory=dict[tuple[str, str, Effect], Counter[str]]
    )
    """(first tool, second tool, effect) → manners of trials in which the first made no difference."""
    _total: Counter[tuple[str, str, Effect]] = field(default_factory=Counter[tuple[str, str, Effect]])
    """The same in any manner."""
    _flips: Counter[tuple[str, str, Effect]] = field(default_factory=Counter[tuple[str, str, Effect]])
    """(first tool, second tool, effect) → trials in which the first, and nothing else, made the difference."""
    complaints: dict[tuple[Situation, Action], Complaint] = field(
        default_factory=dict[tuple[Situation, Action], Complaint]
    )
    """(situation, call) → why it failed there."""
    about: dict[Situation, frozenset[Mark]] = field(default_factory=dict[Situation, frozenset[Mark]])
    """Situation → what its last step acted on or made."""
    _changes: Counter[tuple[str, str, Effect]] = field(default_factory=Counter[tuple[str, str, Effect]])
    """(first tool, second tool, effect) → trials in which the first, and nothing else, changed the complaint."""
    ended: dict[tuple[str, End], set[str]] = field(default_factory=dict[tuple[str, End], set[str]])
    """(tool id, kind of error) → ids of tools that alone have ended it."""
    brought: dict[tuple[str, End], set[str]] = field(default_factory=dict[tuple[str, End], set[str]])
    """(tool id, kind of error) → ids of tools that alone have brought it."""
    works_when_new: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """(first tool, second tool) where the second worked on what the first had just made."""
    _worked: set[str] = field(default_factory=set[str])
    """Ids of tools that ever worked."""
    _again: dict[str, Counter[End]] = field(default_factory=dict[str, Counter[End]])
    """Tool id → how its calls ended right after they had worked."""
    _stuck: Counter[tuple[str, End]] = field(default_factory=Counter[tuple[str, End]])
    """(tool id, error) → steps that did not move it."""
    errors: Errors = field(default_factory=Errors)
    """Kinds of errors."""

    def note(self, situation: Situation, action: Action, end: End) -> None:
        """Take in how a call ended."""
        before = self.exact.last_known(situation, action)
        self.exact.note(situation, action, end)
        if before is not None and before[0] < len(situation) and before[1] == end:
            self._note_equal(Trial(situation, before[0], action, before[1], end))

    def refresh(self) -> None:
        """Compare anew."""
        self._same, self._total, self._flips, self._changes = {}, Counter(), Counter(), Counter()
        self._again, self._stuck, self.open = {}, Counter(), []
        self.ended, self.brought = {}, {}
        rows = self.exact.ends.values()
        self._worked = {action[0] for row in rows for action, ends in row.items() if WORKED in ends}
        self.works_when_new = {
            (situation[-1][0], action[0])
            for situation, row in self.exact.ends.items()
            for action, ends in row.items()
            if WORKED in ends and len(situation) > 1 and newest_step(action) == len(situation) - 1
        }
        flipped: list[Trial] = []
        changed: list[Trial] = []
        for trial in self.exact.trials():
            if trial.flipped:
                flipped.append(trial)
            elif trial.changed:
                changed.append(trial)
            elif trial.before == trial.after:
                self._note_equal(trial)
            if trial.between == (trial.action,):
                self._again.setdefault(trial.action[0], Counter())[trial.after] += 1
        for trial in sorted(flipped, key=lambda one: len(one.between)):
            self._explain(trial)
        self._explain_changes(flipped, changed)

    def _explain_changes(self, flipped: list[Trial], changed: list[Trial]) -> None:
        """Read from complaints that changed what a step did, where it alone can have changed them."""
        reasons = Reasons()
        for trial in flipped:
            step = self._culprit(trial)
            one = self._complaint(trial, after=trial.before == WORKED)
            if step is not None and one is not None:
                reasons.note(trial.situation[step][0], trial.effect, one)
        for trial in changed:
            step = self._culprit(trial)
            before, after = self._complaint(trial, after=False), self._complaint(trial, after=True)
            if step is None or before is None or after is None:
                continue
            about = self.about.get(trial.situation[: step + 1], frozenset())
            effect = reasons.effect(trial.situation[step][0], about, before, after)
            if effect is not None:
                self._changes[trial.situation[step][0], trial.action[0], effect] += 1

    def _culprit(self, trial: Trial) -> int | None:
        """The place of the one step that can have made the difference; `None` when several can."""
        places = [
            at
            for at in range(trial.since, len(trial.situation))
            if len(trial.between) == 1 or self.manner(trial.situation[at], trial.action)
        ]
        return places[0] if len(places) == 1 and trial.situation[places[0]] != trial.action else None

    def _complaint(self, trial: Trial, *, after: bool) -> Complaint | None:
        return self.complaints.get((trial.situation if after else trial.situation[: trial.since], trial.action))

    def _note_equal(self, trial: Trial) -> None:
        for step in dict.fromkeys(trial.between):
            pair = (step[0], trial.action[0], trial.effect)
            self._same.setdefault(pair, Counter())[self.manner(step, trial.action)] += 1
            self._total[pair] += 1
            if trial.before != WORKED:
                self._stuck[trial.action[0], trial.before] += 1

    def _explain(self, trial: Trial) -> None:
        steps = trial.between
        suspects = tuple(step for step in dict.fromkeys(steps) if not self._innocent(step, trial)) or steps
        known, error = (self.ended, trial.before) if trial.after == WORKED else (self.brought, trial.after)
        if len(suspects) == 1 and (len(steps) == 1 or trial.action not in steps):
            self._flips[suspects[0][0], trial.action[0], trial.effect] += 1
            known.setdefault((trial.action[0], error), set()).add(suspects[0][0])
        elif known.get((trial.action[0], error), set()).isdisjoint(step[0] for step in suspects):
            self.open.append((trial, suspects))

    def _innocent(self, step: Action, trial: Trial) -> bool:
        """Whether a step has nothing to do with a call, or was tried before it and never made a difference."""
        manner = self.manner(step, trial.action)
        if len(trial.between) == 1 or "!" in manner:
            return False
        pair = step[0], trial.action[0], trial.effect
        return not manner or (not self.shown(*pair) and self._alike(pair, manner) >= HARMLESS_AFTER)

    def manner(self, step: Action, action: Action) -> str:
        """By which parameters a call is about what a step is about."""
        return self.manners.get((step, action), "")

    def expected(self, situation: Situation, action: Action) -> tuple[int, End] | None:
        """How a call should end: the length of the path that decides it, and the end; `None` when nothing says so."""
        known = self.exact.last_known(situation, action)
        if known is None:
            return None
        for size in range(known[0], len(situation)):
            step = situation[size]
            if "=" in self.manner(step, action) or "~" in self.manner(step, action):
                effect: Effect = "disables" if known[1] == WORKED else "enables"
                if self._flips[step[0], action[0], effect]:
                    known = (size + 1, UNKNOWN if known[1] == WORKED else WORKED)
        return known

    def again(self, action: Action) -> End | None:
        """How a call ends right after it has worked, where it always ends so."""
        counts = self._again.get(action[0], Counter())
        sure = len(counts) == 1 and counts.total() >= KNOWN_AGAIN
        return next(iter(counts)) if sure and WORKED not in counts else None

    def shown(self, first: str, second: str, effect: Effect) -> bool:
        """Whether trials have shown an effect of one tool on another."""
        return self._flips[first, second, effect] > 0 or self._changes[first, second, effect] > 0

    def flips(self, first: str, second: str, effect: Effect) -> bool:
        """Whether a call of one tool made one of another work, or fail."""
        return self._flips[first, second, effect] > 0

    def matters(self, first: str) -> bool:
        """Whether any call ended otherwise because of a tool, its own repetition included."""
        return any(name[0] == first for name, count in self._flips.items() if count)

    def worth(self, step: Action, action: Action, before: End, manner: str) -> float:
        """What can be learned from a call after a step, when `before` is how it ends without; 1 where all is open."""
        first, second = step[0], action[0]
        effect: Effect = "disables" if before == WORKED else "enables"
        if not manner or self.flips(first, second, effect):
            return 0.0
        total = self._total[first, second, effect]
        alike = self._alike((first, second, effect), manner)
        same = ALIKE_SHARE**alike * ANY_SHARE ** (total - alike)
        fresh = "!" in manner or ("=" in manner and not total)
        same *= LIKELY_SO if self.shown(first, second, effect) else 1.0
        return same * closeness(manner) * self._hint(first, second, before, fresh)

    def _alike(self, pair: tuple[str, str, Effect], manner: str) -> int:
        """Trials without a difference in which the call was about what the step was about at least as closely."""
        manners = self._same.get(pair, Counter[str]())
        return sum(count for other, count in manners.items() if as_close(other, manner))

    def _hint(self, first: str, second: str, before: End, fresh: bool) -> float:
        """Errors that nothing ever moved are hardly worth a call, those that speak of what the step does are."""
        if before in (WORKED, UNKNOWN):
            return 1.0
        hint = HINT if self.errors.speaks_of(second, before, first) else 1.0
        hint *= 1.0 if second in self._worked else LOCKED_OUT
        return LOCKED * hint if fresh else LOCKED * hint / (1.0 + self._stuck[second, before] / (STUCK_AFTER * hint))

    def edges(self) -> list[Edge]:
        """The state edges that were shown."""
        found = [
            state_edge(*name, count, self._total[name], changed=not self._flips[name])
            for name, count in sorted((self._changes | self._flips).items())
            if name[0] != name[1]
        ]
        known = {(edge.source, edge.target) for edge in found}
        for first, others in sorted(self.changed.items()):
            found += [affects_edge(first, other) for other in sorted(others) if (first, other) not in known]
        return found
