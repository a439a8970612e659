"""The sample's own assistant, played again: it must earn everything, or the gym is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolweave.agent.messages import Message
from toolweave.agent.observations import places
from toolweave.agent.players.player import calling, saying
from toolweave.agent.replay import rebound
from toolweave.pipeline.gym.episode import Episode
from toolweave.pipeline.sample import tool_messages

SHORTEST = 4
"""Characters of an observed value that is said anew when it came out differently."""


class GoldPlayer:
    """Says and calls what the sample's assistant did, with the values of this run where they differ."""

    name = "gold"

    def __init__(self, episode: Episode) -> None:
        self._episode = episode
        self._shown = tool_messages(episode.sample.messages)
        self._said = [message for message in episode.sample.messages if message["role"] == "assistant"]

    async def reply(self, messages: Sequence[Message], functions: Sequence[dict[str, Any]], seed: int) -> Message:
        """The recorded message of the same number."""
        message = self._said[sum(1 for one in messages if one["role"] == "assistant")]
        if not message.get("tool_calls"):
            return saying(self._retold(str(message["content"])))
        expected = {call.id: call for call in self._episode.sample.checker.calls}
        results = dict(zip(self._shown, self._episode.results.values(), strict=False))
        made = message["tool_calls"]
        return calling([(one["function"]["name"], rebound(expected[one["id"]], results)) for one in made])

    def _retold(self, text: str) -> str:
        """Words with the values that this run returned in the place of the recorded ones."""
        for shown, result in zip(self._shown.values(), self._episode.results.values(), strict=False):
            then, now = places(shown), places(result.text)
            for place, value in then.items():
                if place in now and now[place] != value and len(str(value)) >= SHORTEST:
                    text = text.replace(str(value), str(now[place]))
        return text
