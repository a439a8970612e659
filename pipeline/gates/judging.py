"""The judge's gate: a model answers the questions of a rubric about a sample that passed every other gate.

It can reject and it can tag; it never lets through what another gate has rejected, and where it cannot decide (no
usable reply, `unsure`) a criterion that rejects has not been met.
"""

from __future__ import annotations

from dataclasses import dataclass

from toolweave.agent.reviewing import Judge, JudgeAsk, Opinion
from toolweave.pipeline.gates.rubric import Rubric
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.sample import Sample
from toolweave.servers.errors import EndpointUnusable, TeacherError

GATE = "judge"


@dataclass(frozen=True, slots=True)
class Panel:
    """A judge and what it is asked."""

    judge: Judge
    rubric: Rubric

    async def review(self, sample: Sample) -> Sample | Rejection:
        """The sample with what was noted, or why it is rejected.

        Raises:
            EndpointUnusable: No sample can be judged any more.
        """
        questions = {criterion.name: criterion.question for criterion in self.rubric.criteria}
        try:
            judgement = await self.judge.judge(JudgeAsk(questions, sample.tools, sample.messages, sample.seed))
        except EndpointUnusable:
            raise
        except TeacherError as error:
            return Rejection(GATE, f"cannot decide: {error}")
        opinions = {opinion.criterion: opinion for opinion in judgement.opinions}
        return self._objection(opinions) or _noted(sample, opinions)

    def _objection(self, opinions: dict[str, Opinion]) -> Rejection | None:
        for criterion in self.rubric.criteria:
            opinion = opinions.get(criterion.name)
            if criterion.rejects and (opinion is None or opinion.verdict != "yes"):
                found = f"{opinion.verdict}: {opinion.why}" if opinion else "no opinion"
                return Rejection(GATE, f"{criterion.name}: {found}")
        return None


def _noted(sample: Sample, opinions: dict[str, Opinion]) -> Sample:
    judged = {name: opinion.verdict for name, opinion in opinions.items()}
    return sample.model_copy(update={"quality": sample.quality.model_copy(update={"judged": judged})})
