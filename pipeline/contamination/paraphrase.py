"""Finds benchmark requests in other words: cosine of content words, weighted by how rare they are in the benchmark.

A cheap rule. It sees reordered, shortened and lightly reworded requests; one in quite other words it does not.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from toolweave.pipeline.contamination.words import content_words

THRESHOLD = 0.7
"""Cosine from which a request counts as a paraphrase; measured in `benchmarks/duplicates.py`."""
FEWEST_SHARED = 3
"""Different content words that both must have."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """The benchmark text that is most alike."""

    question: int
    """Index of the benchmark's text."""
    cosine: float
    words: tuple[str, ...]
    """Stems that are in both."""


class ParaphraseIndex:
    """Content words of benchmark texts → where they stand."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._bags = [frozenset(content_words(text)) for text in texts]
        counts = Counter(word for bag in self._bags for word in bag)
        total = len(texts)
        self._unseen = math.log(1 + total)
        self._weights = {word: math.log(1 + total / times) for word, times in counts.items()}
        self._postings: dict[str, list[int]] = defaultdict(list)
        for number, bag in enumerate(self._bags):
            for word in sorted(bag):
                self._postings[word].append(number)
        self._norms = [self._norm(bag) for bag in self._bags]

    def closest(self, text: str, threshold: float = THRESHOLD) -> Likeness | None:
        """The most alike text from the threshold up, the first among equals."""
        bag = frozenset(content_words(text))
        if len(bag) < FEWEST_SHARED:
            return None
        shared: dict[int, float] = defaultdict(float)
        for word in sorted(bag):
            for number in self._postings.get(word, ()):
                shared[number] += self._weights[word] ** 2
        own, best = self._norm(bag), None
        for number, product in shared.items():
            cosine = product / (own * self._norms[number])
            if cosine >= threshold and len(bag & self._bags[number]) >= FEWEST_SHARED:
                found = Likeness(number, round(cosine, 4), tuple(sorted(bag & self._bags[number])))
                best = found if best is None or (found.cosine, -number) > (best.cosine, -best.question) else best
        return best

    def _norm(self, bag: frozenset[str]) -> float:
        return math.sqrt(math.fsum(self._weights.get(word, self._unseen) ** 2 for word in sorted(bag)))
