"""Fitting mentions of a request to parameters: by type, format and the words around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toolweave.agent.argument_values import is_identifying, json_kinds
from toolweave.agent.offline.english import base_form
from toolweave.agent.offline.lexicon import SMALL, UNITS
from toolweave.agent.offline.mentions import Mention, iso_date
from toolweave.agent.offline.toolbox import everyday
from toolweave.agent.offline.wording import FILES, NAMING, SEEKING
from toolweave.graph.schema import Parameter
from toolweave.graph.words import singular, words
from toolweave.servers.json_values import as_list

GOOD = 0.5
"""Fit from which a mention surely says an optional parameter."""

CUES: dict[str, frozenset[str]] = {
    word: frozenset(meant.split())
    for cues, meant in (
        ("called named name", "name title label"),
        ("matching under goes listed", "text query q search keyword term"),
        ("until through till", "end until due deadline to expiry ends"),
        ("from starting since", "start from begin since starts source origin after"),
        ("most least more", "limit max maximum top size count most"),
        ("saying words note wording", "note remark comment message body content notes text"),
        ("why because explanation cause", "reason cause why"),
        ("before", "before"),
        ("o'clock", "hour time"),
        ("to", "target destination"),
        ("after", "after"),
        ("sum", "expression formula amount"),
        ("in", "path file directory folder database repository repo sheet cell range timezone zone city country"),
    )
    for word in cues.split()
}
_DATED = frozenset(
    "date day deadline start end until since due birthday expiry starts ends from to on after before".split()
)
_ISO = re.compile(r"YYYY|ISO|yyyy-mm-dd", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter as the student reads it."""

    parameter: Parameter
    nouns: tuple[str, ...]
    """What its tool is about: `the member Rosa` says the name that `find_member` takes."""

    @property
    def path(self) -> str:
        """Pattern of the parameter."""
        return self.parameter.path

    @property
    def own(self) -> tuple[str, ...]:
        """Words of its name."""
        return words(self.path.replace("[]", "").rpartition(".")[2])

    @property
    def kinds(self) -> frozenset[str]:
        """JSON types."""
        return frozenset(json_kinds(self.parameter.schema))


def options_of(slot: Slot) -> list[str]:
    """Texts that the schema allows; empty when it allows any."""
    return [value for value in as_list(slot.parameter.schema.get("enum")) if isinstance(value, str)]


def value_of(mention: Mention, slot: Slot) -> Any:
    """The mention as a value of the parameter's type; `None` when it cannot be one."""
    kinds = slot.kinds
    if kinds & {"integer", "number"} and mention.kind in ("number", "answer", "quoted"):
        return _number(mention.text, kinds) if "string" not in kinds or mention.kind == "number" else mention.text
    if kinds and "string" not in kinds:
        return None
    if mention.kind == "date":
        return iso_date(mention.text)
    if mention.kind == "moment":
        day, _, clock = mention.text.partition(" at ")
        return f"{iso_date(day)}T{clock.zfill(5)}:00"
    if mention.kind == "time":
        return mention.text.zfill(5)
    return mention.text


def _number(text: str, kinds: frozenset[str]) -> int | float | None:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    if value == int(value) and not ("." in text and "number" in kinds):
        return int(value)
    return value if "number" in kinds else None


def fit(mention: Mention, slot: Slot) -> float:
    """How well a mention fits a parameter, 0..1.5; 0 when it cannot be meant."""
    if mention.picks_row or value_of(mention, slot) is None:
        return 0.0
    base, near = _kind_fit(mention, slot), nearness(mention.before, mention.after, slot)
    own, beside = set(slot.own), {*mention.before, *mention.after}
    if mention.kind == "number" and "string" in slot.kinds and (own & FILES or not own & beside):
        return 0.0
    if "because" in mention.before[:2] and not own & CUES["because"]:
        return 0.0
    return base + 0.8 * near if base > 0.0 else 0.0


def _kind_fit(mention: Mention, slot: Slot) -> float:
    own = set(slot.own)
    if options_of(slot):
        return 0.0
    if mention.kind == "number":
        return _number_fit(mention, slot)
    dated = is_dated(slot)
    if mention.kind in ("date", "moment"):
        return 0.5 if dated else 0.0
    if mention.kind == "time":
        return 0.5 if "time" in own or "hour" in own else 0.15
    if dated:
        return 0.0
    if _is_sign(slot):
        return (
            0.45
            if mention.kind == "token" or (mention.kind == "quoted" and re.search(r"\d|[_-]", mention.text))
            else 0.0
        )
    if own & FILES and mention.kind in ("name", "quoted") and not re.search(r"[./]", mention.text):
        return 0.15
    if mention.kind == "address":
        return 0.9 if own & {"email", "url", "uri", "address", "recipient", "website"} else 0.3
    if mention.kind == "token" and re.search(r"\.[a-z]{2,5}$", mention.text):
        return 0.6 if own & {*FILES, "document", "url"} or own == {"name"} else 0.12
    if mention.kind == "token":
        return 0.5 if own & {"path", "file", "timezone", "zone", "branch", "range", "cell", "at", "revision"} else 0.35
    return 0.4 if own & (SEEKING | NAMING) else 0.3


def _is_sign(slot: Slot) -> bool:
    """Whether a parameter takes what only a server gives out, such as a number or a code."""
    return bool(set(slot.own) & _NUMBERS) and (is_identifying(slot.parameter) or slot.own[-1] in ("no", "nr", "ref"))


def _number_fit(mention: Mention, slot: Slot) -> float:
    if "string" in slot.kinds or not slot.kinds:
        return 0.0 if _is_sign(slot) and not set(mention.before[:2]) & _IDS else 0.1
    unit = UNITS.get(slot.path.rpartition("_")[2].rpartition(".")[2], ("",))[0]
    said = {singular(word) for word in mention.after[:2]}
    if unit and (singular(unit.split()[-1]) in said or unit.split()[0] in mention.after[:2]):
        return 0.9
    return 0.3


def is_dated(slot: Slot) -> bool:
    """Whether a parameter takes a date."""
    schema = slot.parameter.schema
    if str(schema.get("format") or "").startswith("date") or _ISO.search(slot.parameter.description):
        return True
    shown = [*as_list(schema.get("examples")), schema.get("default")]
    if any(isinstance(item, str) and iso_date(item[:10]) for item in shown):
        return True
    return bool(slot.own) and slot.own[-1] in _DATED and slot.own[-1] not in ("to", "from", "on", "start", "end")


def nearness(before: Sequence[str], after: Sequence[str], slot: Slot) -> float:
    """How much the words around a mention speak of the parameter, 0..1; the nearer the more."""
    best = total = 0.0
    for start, side in ((0, before), (1, after)):
        distance = start
        for word in side:
            weight = _relation(singular(word), word, slot) / (1.0 + 0.3 * distance)
            best = max(best, weight)
            total += weight
            distance += word not in SMALL
    return min(1.2, best + 0.25 * (total - best))


def _relation(word: str, raw: str, slot: Slot) -> float:
    own = slot.own
    if word in own and word not in SMALL:
        return 1.0
    if CUES.get(raw, frozenset[str]()) & {*own, *slot.path.split("_")}:
        return 0.6 if raw in SMALL else 0.9
    if any(word in everyday(item) for item in own):
        return 0.75
    if word in SMALL:
        return 0.0
    if word in _described(slot.parameter.description):
        return 0.6
    return 0.55 if word in slot.nouns and (set(own) & (SEEKING | NAMING) or len(own) == 1) else 0.0


def _described(description: str) -> frozenset[str]:
    return frozenset(words(description[:160])) - SMALL


def option_mentions(request: str, slot: Slot) -> list[tuple[float, str]]:
    """The options of a parameter that a request speaks of, with how surely they are meant, likeliest first."""
    found: list[tuple[float, int, str]] = []
    for option in options_of(slot):
        if not option:
            continue
        plain = option.replace("_", " ").replace("-", " ")
        pattern = r"[ _-]".join(re.escape(part) for part in plain.split()) or re.escape(option)
        for match in re.finditer(rf"(?<![\w-]){pattern}(?![\w-])", request, re.IGNORECASE):
            before, after = request[: match.start()], request[match.end() :]
            left = tuple(reversed(re.findall(r"[a-z']+", re.split(r"[.!?]\s", before)[-1].lower())[-6:]))
            right = tuple(re.findall(r"[a-z']+", re.split(r"[.!?](?:\s|$)", after)[0].lower())[:3])
            set_apart = 0.25 if re.search(r"[(\"“:]\s*$|\bis $|\w: $", before) else 0.0
            set_apart += 0.2 if right[:1] == ("only",) else 0.0
            common = 0.2 if base_form(plain) or plain in _EVERYDAY or plain in SMALL else 0.0
            sure = 0.25 + set_apart - common + 0.8 * nearness(left, right, slot) + 0.01 * len(plain.split())
            found.append((sure, match.start(), option))
    return [(sure, option) for sure, _, option in sorted(found, key=lambda item: (-item[0], -item[1]))]


_IDS = frozenset("id identifier number code key no".split())
_NUMBERS = _IDS | frozenset("uuid nr ref reference barcode token sku".split())
_EVERYDAY = frozenset("first last next second main good fair full new normal general other".split())
_FLAG = re.compile(
    r"(?:^|[.!?;:]\s+)(?:And (?P<order>do|don't) (?P<what>[^.!?]+)"
    r"|(?P<asked>[^.!?:;]+): (?P<answer>yes|no))(?=[.!?;]|$)",
    re.IGNORECASE,
)


def flag_mention(request: str, slot: Slot) -> bool | None:
    """What a request says to a yes-or-no parameter; `None` when it says nothing."""
    known = {*slot.own, *_described(slot.parameter.description)}
    known |= {item for word in slot.own for item in everyday(word)}
    best: tuple[float, bool] | None = None
    for match in _FLAG.finditer(request):
        spoken = [word for word in words(match.group("what") or match.group("asked") or "") if word not in SMALL]
        share = sum(word in known for word in spoken) / max(1, len(spoken))
        yes = (match.group("order") or match.group("answer") or "").lower() in ("do", "yes")
        if share >= 0.5 and (best is None or share > best[0]):
            best = (share, yes)
    return None if best is None else best[1]
