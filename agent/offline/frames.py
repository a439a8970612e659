"""Sentence frames for requests, by register, and what a persona adds."""

from __future__ import annotations

import random
import re

from toolweave.agent.offline.english import base_form, capitalised, gerund, lowered
from toolweave.agent.offline.forms import forms
from toolweave.graph.plan import Relation

# {p}: what the assistant is to do; {u}: the same with the speaker as its subject; {g}: as a gerund; {P}: with a
# capital.


OPENINGS: dict[str, tuple[str, ...]] = {
    "plain": forms(
        """
        {P}. | Please {p}. | {P}, please. | I need to {u}. | I'd like to {u}. | I want to {u}. | Can you {p}? |
        We need to {u}. | I have to {u}. | It's time to {u}. | Let's {u}. | My next job is to {u}. |
        You can go ahead and {p}. | What I need is to {u}. | Help me {u}. | Time to {u}. | I've been asked to {u}. |
        Go and {p}, please. | For me, {p}. | Today I need to {u}. | There's one thing to do: {p}. |
        I am here to {u}.
        """
    ),
    "polite": forms(
        """
        Could you please {p}? | Could you {p}, please? | Would you mind {g}? | I'd be grateful if you could {p}. |
        Would you be so kind as to {p}? | Would it be possible to {p}? | May I ask you to {p}? |
        If it isn't too much trouble, please {p}. | When you have a moment, could you {p}? |
        I'd appreciate it if you could {p}. | Good morning! Could you {p}? | Good afternoon, I would like to {u}. |
        Might you be able to {p}? | Please be so good as to {p}. | I was wondering whether you could {p}. |
        Hello, would you kindly {p}? | Sorry to bother you, but could you {p}? |
        It would help me a lot if you could {p}. | Thanks in advance for {g}. | Kindly {p}. |
        I wonder if I might ask you to {p}.
        """
    ),
    "brisk": forms(
        """
        {P}. | Need to {u}. | {P} now, please. | Quick one: {p}. | {P}, thanks. | Short on time here: {p}. |
        Just {p}. | Next: {p}. | To do: {p}. | Straight to it: {p}. | One job: {p}. | Right, {p}. |
        Get this done: {p}. | No frills, {p}. | Simple request: {p}. | Go ahead: {p}. | First thing today: {p}. |
        Ready? {P}. | Job for you: {p}.
        """
    ),
    "chatty": forms(
        """
        Hi! I was hoping you could {p}. | Hey, could you {p} for me? | So, I'm trying to {u}. Could you help? |
        Hello there! I'd love to {u}. | Right, here's what I'm after: {p}. | Hi, me again. Can you {p}? |
        Okay, so I promised somebody that I'd {u}. | Hope your day is going well! I need to {u}. |
        Well, I finally got round to this: {p}. | I keep forgetting about it, but could you {p}? |
        You know what would be great? If you could {p}. | Guess what, I have to {u}. |
        Ah, good that you're here. Please {p}. | It's one of those days, and I still have to {u}. |
        Hey there, any chance you could {p}? | Oh, before it slips my mind: {p}. | Alright, could you {p} for me? |
        Lovely to have some help here. I'd like to {u}. | Funny how these things pile up, but please {p}.
        """
    ),
}
FOLLOWING = forms(
    """
    Now {p}. | Great, now {p}. | Thanks. Next, {p}. | And now could you {p}? | Then please {p}. | Also, {p}. |
    One more thing: {p}. | While you are at it, {p}. | After that, {p}, please. | Good. Can you also {p}? |
    Perfect, and now {p}. | Okay, then {p}. | That helps. I'd also like to {u}. | Next up: {p}. |
    Thank you. Would you also {p}? | All right, {p} as well. | With that settled, please {p}. |
    Fine. I also need to {u}. | And could you {p} too? | Since you have that open, {p}. |
    Sounds good. Please go on and {p}. | Nice, that was quick. Now I want to {u}. | In that case, {p}. |
    Let's carry on: {p}. | Excellent. The next step for me is to {u}. | Good to know. Could you now {p}?
    """
)
SWITCHING = forms(
    """
    Something else: {p}. | On another note, could you {p}? | Now for something different: {p}. |
    Different topic: I need to {u}. | Apart from that, please {p}. | Unrelated to that, can you {p}? |
    There is one other matter: {p}. | While I have you here, {p}, please. | Let me change the subject. Please {p}. |
    That's that. On to another thing: {p}. | Good, that's settled. Separately, I'd like to {u}. |
    Before I forget, I also have to {u}. | Another question altogether: could you {p}? |
    Setting that aside, please {p}. | By the way, would you {p}? | Moving on, I want to {u}.
    """
)
RETURNING = forms(
    """
    Back to what we had before: {p}. | Coming back to the earlier matter, please {p}. |
    About what we did earlier: could you {p}? | Returning to the first thing, {p}. |
    Now back to that other business. I need to {u}. | To come back to what I asked before: {p}. |
    One more word on the earlier one: {p}. | Let's go back a bit. Please {p}. |
    Remember what we started with? Can you {p}? | Going back to where we were, I'd like to {u}. |
    I'm not quite done with the earlier one, please {p}. | As for what we talked about first, {p}. |
    Let me return to something from before: {p}. | Picking up where we left off earlier, please {p}.
    """
)
_REMARKS: dict[str, tuple[str, ...]] = {
    r"\bnew\b|\bfirst day\b": forms(
        "I'm new here, so bear with me. | It's my first day, by the way. | I don't know my way around yet."
    ),
    r"\bbusy\b|\bhurry\b|\bmeeting": forms("I only have a minute. | I'm between two meetings. | It's a bit of a rush."),
    r"\bsomebody else\b|\bsomeone else\b|\bassistant\b": forms(
        "I'm asking on someone's behalf. | It's not for me, I was asked to pass it on."
    ),
    r"\bcareful\b|\bchecks?\b": forms("Take care that it all fits, please. | I'd rather have it right than fast."),
    r"\bvolunteer\b|\bhelping out\b": forms("I'm just helping out this weekend. | I'm covering for the others."),
    r"\bregular\b|\bknows the place\b": forms("You know me, the usual sort of thing. | I've done it often enough."),
}
_TO_DO = forms("All of this is to {}. | The aim is to {}. | It's how we {}. | I have to {} today.")
_ABOUT = forms("It's about {}. | This is for {}. | I'm at {} now.")
_CALLED = forms("Our handbook has it under: {}. | The manual calls it: {}. | It's this case: {}.")
_LATER: dict[Relation, tuple[str, ...]] = {"switches": SWITCHING, "returns": RETURNING}


def opening(phrase: str, register: str, relation: Relation, rng: random.Random) -> str:
    """The request's main sentence around a verb phrase."""
    frames = OPENINGS[register] if relation == "opens" else _LATER.get(relation, FOLLOWING)
    if len(phrase.split()) > 12:
        frames = tuple(frame for frame in frames if re.search(r"\{[pPgu]\}[.?]$", frame)) or frames
    if re.search(r", | and ", phrase):
        frames = tuple(frame for frame in frames if "{g}" not in frame)
    verb, _, rest = phrase.partition(" ")
    thing = rest if not rest.startswith("rid of ") else ""
    shown = f"{rng.choice(('get', 'show me', 'give me'))} {rest}" if verb in ("get", "show") and thing else phrase
    own = f"see {rest}" if verb == "show" and rest else phrase
    return rng.choice(frames).format(p=shown, P=capitalised(shown), u=own, g=gerund(phrase))


def occasion(name: str, rng: random.Random) -> str:
    """A sentence that says what all of it is for, by what a manual calls it."""
    plain = lowered(" ".join(name.split()).rstrip(".:?! "))
    first = plain.split(" ", 1)[0]
    if base_form(first) == first:
        return rng.choice(_TO_DO).format(plain)
    return rng.choice(_ABOUT if first.endswith("ing") else _CALLED).format(plain)


def remark(persona: str, register: str, rng: random.Random) -> str:
    """Now and then a few words of who is speaking; mostly empty."""
    if rng.random() > (0.3 if register == "chatty" else 0.12):
        return ""
    for pattern, texts in _REMARKS.items():
        if re.search(pattern, persona, re.IGNORECASE):
            return rng.choice(texts)
    return ""
