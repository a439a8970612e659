"""English by rule: forms of verbs and nouns, articles, joining, and keeping words out of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolweave.agent.offline.lexicon import DETERMINERS, NO_VERBS, PARTICLES, SMALL, SYNONYMS, VERBS
from toolweave.agent.whole_words import spoken_of, whole
from toolweave.graph.words import singular

_VOWEL_SOUND = re.compile(
    r"^(?:[aeio]|u(?!s|ni|se)|hour|honest|heir|x-|SQL|MRI|F\b|L\b|M\b|N\b|S\b|X\b|8|11\b|18\b)", re.IGNORECASE
)
_SPLIT_CODE = re.compile(r"[_\s]+|(?<=[a-z0-9])(?=[A-Z])")
_SINGLED = re.compile(r"\b(?:an?|one|each|every|this|that)\s(?:[\w-]+,?\s){0,5}$", re.IGNORECASE)
_COUNTED = re.compile(
    r"\b(?:\d+|two|three|four|five|six|seven|eight|nine|ten|twelve|several|many|multiple|these|those)"
    r"\s(?:[\w-]+\s){0,2}$",
    re.IGNORECASE,
)
_DOUBLED = frozenset("b d g l m n p r t".split())


def spaced(identifier: str) -> str:
    """An identifier as separate words in lower case: `dueDate` and `due_date` give `due date`."""
    return " ".join(part.lower() for part in _SPLIT_CODE.split(identifier.replace("-", " ")) if part)


def base_form(word: str) -> str | None:
    """The base form of a word that looks like a verb; `None` when it does not."""
    low = word.lower()
    if low in VERBS:
        return "look up" if low == "lookup" else low
    tries: list[str] = []
    if low.endswith("ies"):
        tries.append(f"{low[:-3]}y")
    if low.endswith("es"):
        tries += [low[:-2], low[:-1]]
    elif low.endswith("s"):
        tries.append(low[:-1])
    if low.endswith("ing"):
        tries += [low[:-3], f"{low[:-3]}e", low[:-4]]
    if low.endswith("ed"):
        tries += [low[:-2], low[:-1], low[:-3], f"{low[:-3]}y"]
    return next((item for item in tries if item in VERBS), None)


def gerund(verb: str) -> str:
    """`lend` → `lending`, `cut` → `cutting`, `make` → `making`; what follows the first word is kept."""
    head, _, rest = verb.partition(" ")
    if head.endswith("ie"):
        head = f"{head[:-2]}ying"
    elif head.endswith("e") and not head.endswith(("ee", "oe", "ye")):
        head = f"{head[:-1]}ing"
    else:
        head = f"{head}{head[-1] if _doubles(head) else ''}ing"
    return f"{head} {rest}" if rest else head


_IRREGULAR_PAST = {
    pair.split("=")[0]: pair.split("=")[1]
    for pair in (
        "get=got|find=found|make=made|take=taken|give=given|send=sent|put=put|set=set|read=read|write=written|lend=lent"
        "|hold=held|pay=paid|let=let|begin=begun|see=seen|show=shown|draw=drawn|buy=bought|bring=brought|sell=sold"
        "|tell=told|hang=hung|keep=kept|leave=left|cut=cut|choose=chosen|run=run|build=built|withdraw=withdrawn|sow=sown"
        "|redo=redone|undo=undone|grow=grown|freeze=frozen|forget=forgotten|shut=shut|split=split|reset=reset|lay=laid|break=broken|hide=hidden"
    ).split("|")
}


def past(verb: str) -> str:
    """The past participle of a verb's base form; what follows the first word is kept."""
    head, _, rest = verb.partition(" ")
    if head in _IRREGULAR_PAST:
        head = _IRREGULAR_PAST[head]
    elif head.endswith("e"):
        head = f"{head}d"
    elif head.endswith("y") and head[-2:-1] not in "aeiou":
        head = f"{head[:-1]}ied"
    else:
        head = f"{head}{head[-1] if _doubles(head) else ''}ed"
    return f"{head} {rest}" if rest else head


def _doubles(verb: str) -> bool:
    """Whether the last consonant is doubled: one short vowel before it, in a short or finally stressed verb."""
    if len(verb) < 3 or verb[-1] not in _DOUBLED or verb[-2] not in "aeiou" or verb[-3] in "aeiou":
        return False
    syllables = len(re.findall(r"[aeiouy]+", verb))
    return syllables == 1 or verb[-1] == "l" or verb in "refer transfer submit commit begin format".split()


def plural(noun: str) -> str:
    """The plural of a noun phrase, by its last word."""
    head, space, last = noun.rpartition(" ")
    if singular(last) != last or last.endswith(
        ("data", "news", "information", "content", "soil", "stock", "time of day")
    ):
        return noun
    if last == "person":
        return f"{head}{space}people"
    if last.endswith(("s", "x", "ch", "sh", "z")):
        last = f"{last}es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = f"{last[:-1]}ies"
    else:
        last = f"{last}s"
    return f"{head}{space}{last}"


def with_article(noun: str) -> str:
    """`a copy`, `an event`; nothing is added where a determiner stands already."""
    first = noun.split(" ", 1)[0].lower()
    if first in DETERMINERS or not noun:
        return noun
    return f"{'an' if _VOWEL_SOUND.match(noun) else 'a'} {noun}"


def joined(items: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def capitalised(text: str) -> str:
    """With a capital first letter; a text that opens with a quotation mark stays as it is."""
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """With a small first letter, unless the first word is an acronym or a name."""
    first = text.split(" ", 1)[0]
    return (
        text
        if len(first) > 1 and not first[1:].islower() and first != first.capitalize()
        else text[:1].lower() + text[1:]
    )


def opens_with_verb(words: Sequence[str]) -> bool:
    """Whether these words read like an order: a known verb, or anything before a determiner or a particle."""
    if not words:
        return False
    following = words[1].lower() if len(words) > 1 else ""
    plain = words[0].isalpha() and words[0].lower() not in DETERMINERS | NO_VERBS and not words[0].endswith("ly")
    return plain and (words[0].lower() in VERBS or following in DETERMINERS or following in PARTICLES)


def reworded(text: str, banned: Sequence[str], turn: int = 0) -> str | None:
    """The text with everyday words for the banned ones, of which `turn` chooses; `None` when one has no other word."""
    for word in spoken_of(text, banned):
        while (match := whole(word).search(text)) is not None:
            other = _other(word.lower(), text, match, banned, turn)
            if other is None:
                return None
            text = f"{text[: match.start()]}{other}{text[match.end() :]}"
        text = " ".join(text.split())
    return articles(re.sub(r"\b(\w+) \1\b", r"\1", text))


def articles(text: str) -> str:
    """The text with `a` and `an` as the words behind them want it."""
    return re.sub(r"\b[Aa]n? (?=\w)", lambda found: _article_before(text[found.end() :], found.group(0)), text)


def reworded_noun(noun: str, banned: Sequence[str], turn: int = 0) -> str | None:
    """The same for a noun phrase in the singular, which stays in the singular."""
    other = reworded(f"one {noun}", banned, turn) if noun else None
    return other.removeprefix("one ") if other else None


def _article_before(rest: str, article: str) -> str:
    chosen = "an" if _VOWEL_SOUND.match(rest) else "a"
    return f"{chosen.capitalize() if article[0] == 'A' else chosen} "


def _other(word: str, text: str, match: re.Match[str], banned: Sequence[str], turn: int) -> str | None:
    """What stands in for one banned word in its place; nothing at all where it only qualifies the next noun."""
    before = re.search(r"\w+\W*$", text[: match.start()])
    follows = re.match(r" ([A-Za-z]+)", text[match.end() :])
    opens = before is None
    qualifies = (
        not opens
        and follows is not None
        and follows.group(1).lower() not in SMALL
        and base_form(follows.group(1)) is None
    )
    options = [item for item in _others(word) if not spoken_of(item, banned)]
    if qualifies:
        options = [item for item in options if " " not in item]
        options += [""] if follows is None or _is_noun(follows.group(1).lower()) or not options else []
    singled = _SINGLED.search(text[: match.start()])
    if singular(word) != word and _COUNTED.search(text[: match.start()]):
        options = [item for item in options if item.endswith("s")]
    number = plural(word) if singular(word) == word else singular(word)
    definite = before is not None and before.group(0).strip().lower() in ("the", "its", "their", "your")
    bare = not (singled or definite or qualifies or opens) and singular(word) == word != number
    is_verb = follows is not None and follows.group(1) in ("a", "an", "the")
    if bare and not is_verb and not spoken_of(number, banned):
        return number
    if singular(word) != word and not qualifies:
        options = [kept for item in options if (kept := _of_many(item, before, definite))]
    return options[turn % len(options)] if options else None


def _of_many(option: str, before: re.Match[str] | None, definite: bool) -> str:
    """What may stand for a plural: another plural, else one of the kind; empty where that is no English."""
    last = option.split()[-1] if option else ""
    if singular(last) != last or definite:
        return option
    verb = before is not None and base_form(before.group(0).strip().lower()) is not None
    return with_article(option) if verb else ""


def _is_noun(word: str) -> bool:
    """Whether a word can stand for the thing alone; what looks like "done" or "given" cannot."""
    return not word.endswith("ed") and word not in ("done", "gone", *_IRREGULAR_PAST.values())


def _others(word: str) -> list[str]:
    """Other words for one: synonyms, in the same grammatical number."""
    alone = singular(word)
    if word in SYNONYMS:
        return list(SYNONYMS[word])
    if alone != word and alone in SYNONYMS:
        return [plural(item) for item in SYNONYMS[alone]]
    return [alone] if alone != word else []
