"""The turns of phrase by which manuals order, forbid, remark and connect, as patterns."""

from __future__ import annotations

import re

from toolweave.agent.offline.english import past
from toolweave.agent.texts.verbs import INSTRUCTING


def one_of(text: str) -> str:
    """The phrases of a text that holds them apart by " | ", as alternatives."""
    return "|".join(" ".join(text.split()).split(" | "))


def opening(phrases: str, behind: str = r"\b") -> re.Pattern[str]:
    """A text that opens with one of the phrases."""
    return re.compile(rf"^\(?\s*(?:{one_of(phrases)}){behind}", re.IGNORECASE)


CODE = r"`[^`]*`|\"[^\"]*\"|“[^”]*”"
"""Values that are set apart: what stands in them is not read."""
_DASH = r"[-\u2013\u2014]"
_SHORTENED = "".join(rf"(?<!\b{word})" for word in (r"e\.g", r"i\.e", "No", "Dr", "Mr", "Ms", "Mrs", "approx"))
END = re.compile(rf"(?:{CODE}|\([^()]*\))|(?P<end>{_SHORTENED}[.!?;](?=\s|$)[)\"”]?)")
"""Ends of sentences, and what they are not looked for in."""

_ORDER = r"""
    (?:step|no\.?)\s*\d+\)?\s*[:.)-]* | first(?:ly)?(?: of all| off)? | second(?:ly)? | third(?:ly)? | fourth
    | next(?: up)? | then | now | last(?:ly)?(?: of all)? | finally | after(?: that| this|wards) | in the end | at last
    | to (?:begin|start|finish|end)(?: with)? | to conclude | (?:start|begin|finish|end) by
    | (?:once|when) (?:that|this)(?: is|'s) (?:done|ready|in place) | once done | with that done | that done
    | from there | and | also | please | simply | just | so | straight away | immediately | at once
    | in (?:this|that) case | as (?:the|a) (?:first|next|last|final) (?:step|thing)
"""
OPENER = re.compile(rf"^(?:\(?(?:{one_of(_ORDER)})\b[,:;]?\s*(?:{_DASH}\s*)?)+", re.IGNORECASE)
"""Words before an order that only connect it."""
_CONNECTING = r"""
    first(?:ly)? | then | next | after (?:that|this) | afterwards | finally | lastly | second(?:ly)? | third(?:ly)?
    | in the end | at last | once | last of all | to (?:begin|start|finish|end) with
    | as the (?:last|final|first) (?:step|thing)
"""
ORDERED = re.compile(rf"\b(?:{one_of(_CONNECTING)})\b", re.IGNORECASE)
"""Words that put deeds in an order."""
IN_TURN = re.compile(
    r"\b(?:is|are|gets?|be)\s+(?:then|next|finally|first)\b|\b(?:first|next|then|last|finally)\s*$", re.IGNORECASE
)
"""Words of order at the verb of a passive, or at its end."""
FORBIDS = opening(r"""
    do not | don't | don\u2019t | never | avoid | no need to | there is no need
    | you (?:do not|don't|must not|may not|should not|cannot|can't|need not) | nobody | under no circumstances | not
""")
CONDITION = opening(r"""
    if | unless | in case | suppose | imagine | assuming
    | should | where | provided | only if | in the event | except | otherwise | else
    | whenever
    | for (?:all )?others?
""")
SO = re.compile(
    rf"(?:{CODE})|(?P<so>(?:,|\s)\s*(?:and\s)?so(?:\s(?:please|just|now|then))?,?\s+|;\s+|:\s+|\s{_DASH}\s)",
    re.IGNORECASE,
)
"""What may stand between a statement and the order that follows from it."""
NO_OBJECT = re.compile(
    r"[A-Za-z-]+(?::|'|\u2019|\s+(?:is|are|was|were|has|have|had|of|and|or|will|would|can|may|must|should|do|does)\b)"
)
"""What stands behind a word that opens a statement, and is no verb there."""
REMARK = opening(
    r"""
    note | nb | n\.b\. | warning | caution | tip | hint | remark | background | important | example | for example
    | e\.g\. | fyi | reminder | see also | history | why | attention | good to know | remember
    """,
    r"\b\s*(?:that\b|[:.,\u2013-]|\()",
)
FORESEEN = opening(r"(?:you|we)(?:'ll|\u2019ll| will| should) (?:now |then )?(?:see|find|notice|hear)")
"""What is only said to come about."""
OPTIONAL = opening(r"""
    optional(?:ly)? | if you (?:like|want|wish) | you (?:may|might|can) (?:also|want) | feel free
""")
LEAD = opening(r"""
    once | when | after | as soon as | before | to | in order to | for | in | on | at | with | from | using | via | by
    | under | as | during | having | knowing
""")
"""What may stand before an order, up to a comma."""
_PERSONS = r"""
    [a-z]+(?:er|or|ist|ian|ant|ess) | clerk | nurse | vet | chef | cook | staff | team | desk | crew | colleague
    | person | guard | coach | guide | registrar | office
"""
_WILL = r"""
    will | should | must | shall | can | needs? to | has to | have to | (?:is|are) to | now | then | first | next
    | always | also | finally
"""
ACTOR = re.compile(
    rf"^(?:you|we|one|(?P<pronoun>she|he|they)|staff|somebody|someone|everybody|whoever is [a-z ]{{2,20}}?"
    rf"|the (?:[a-z-]+ ){{0,2}}(?:{one_of(_PERSONS)}))(?: (?:on duty|on call|in charge|at the desk))?"
    rf"(?:\s(?:{one_of(_WILL)}))*\s+",
    re.IGNORECASE,
)
"""Who does what a manual asks for."""
PASSIVE = re.compile(
    r"^(?P<thing>.{2,70}?)\s"
    r"(?:is|are|gets?|must be|has to be|have to be|should be|is to be|can be|will be)\s"
    r"(?:(?:then|now|next|finally|first|always)\s)?(?P<deed>[a-z]+)\b\s*(?P<rest>.*)$",
    re.IGNORECASE,
)
PARTICIPLES = {past(verb): verb for verb in sorted(INSTRUCTING) if "_" not in verb}
_SEEN = r"""
    that | whether | if | to see (?:that|whether|if) | the (?:[a-z]+ ){1,3}(?:is|are) | it (?:is|says|shows)
    | there (?:is|are)
"""
ON_A_LIST = re.compile(
    r"^(?:see|check|find out|look)\s+(?:whether|if)\s+(?P<thing>.+?)\s+(?:is|are|stands?|appears?)\s+(?:already\s)?"
    r"(?P<where>(?:on|in|among|with)\s.+)$",
    re.IGNORECASE,
)
"""What is to be looked up, said as a question: "see whether she is on our list"."""
SEEING = re.compile(
    r"^(?:make sure|ensure|be sure|verify|check|confirm|see|watch|mind|take care|remember)\s+"
    rf"(?:{one_of(_SEEN)})\b",
    re.IGNORECASE,
)
"""What is only to be looked at."""
TAKEN_DOWN = re.compile(
    r"^(?:note|write|jot|copy|keep|remember|take|mark|record)\s(?:down\s|a note of\s|note of\s)?"
    r"(?:the |its |their |his |her |that |this |of )*[\w' -]{0,30}\b"
    r"(?:id|ids|number|code|barcode|reference|it|them|result|name)\s*(?:down)?"
    r"(?:\s(?:for later|somewhere|that (?:comes|you get).*|it (?:shows|gives).*|shown|from .*|of .*))?$",
    re.IGNORECASE,
)
"""What is only to be noted."""
LIGHT = opening(r"(?:have|take|cast)\s+(?:a|another)\s+(?:\w+\s+)?(?:look|glance|peek)\s+(?:at|through|into|over)")
"""A look at something, for looking at it."""
NOTED = re.compile(r"^note (?=that\b.*[\d\"\u201c`])", re.IGNORECASE)
"""What is to be entered somewhere, in a list: "note that 20 euros were paid"."""
LIST_OF = re.compile(
    r"^(?:open|get|pull|bring|call|look|fetch|show|see|produce)\s(?:(?:up|at|through|out)\s)?"
    r"(?:the|a|its|our)\s(?:full |whole )?list of (?:all )?",
    re.IGNORECASE,
)
"""A list that is asked for, for listing."""
LET_DO = opening(r"have (?:him|her|them|somebody|someone)", r"\s(?=[a-z]+\s)")
"""An order that somebody else is to carry out, before what it is."""
CAUSED = re.compile(
    r"^(?:have|get) (?P<thing>(?:(?!(?:to|for|and|if|that)\b)\S+ ){1,8}?)"
    r"(?P<deed>[a-z]+(?:ed|en|wn|t))\b(?: to you)?\s*(?P<rest>.*)$",
    re.IGNORECASE,
)
"""An order to have something done."""
ASKS_FOR = opening(r"(?:ask|query) the (?:system|computer|database|program|register|catalogue) for", r"\s")
"""A question to a system, for looking something up."""
URGED = opening(
    r"""
    be sure to | make sure (?:to|you|that you) | remember to | (?:don't|don\u2019t|do not) forget to | try to
    | go ahead and | proceed to | go on to | (?:it is|it's) time to
    | you(?:'ll|\u2019ll| will)? (?:need|want|have|are|get) to
    | (?:your|the) (?:first|next|last|final) (?:step|task|job|thing) is to
    | always | carefully | manually | quickly | directly
    """,
    r"\s+(?=[a-z])",
)
"""Words of stress before an order."""
BY_DOING = opening(r"(?:begin|start|continue|go on|end|finish|open|close)s?\s(?:by|with)", r"\s(?=[a-z]+ing\b)")
BY_SOMETHING = re.compile(
    r"\bby (?!(?:(?:its|her|his|their|the|a)\s)?(?:name|title|number|code|e?mail|phone|post|hand|letter|words?)\b)",
    re.IGNORECASE,
)
"""What does something in the passive, in contrast to how it is done."""
HEADED = re.compile(r"^[A-Z][\w /-]{1,40}:\s+(?=[a-zA-Z])")
"""A label before an order."""
_AND = r"\s*(?:,?\s+(?:and|then)(?:\s+(?:then|after that|finally|also|next|afterwards|at once))?,?"
JOINT = re.compile(
    rf"(?P<code>{CODE})|(?P<joint>{_AND}|,\s*(?:then|and then)|\s{_DASH}\s)\s+(?:(?:she|he|they|you|we)\s+)?)"
    r"(?=(?P<word>[A-Za-z][\w-]*)(?P<behind>\s+\S+)?)",
)
"""What may stand between two deeds, with the words behind it."""
WHY = re.compile(
    r"(?<=\w)(?<!see)(?<!out)(?<!check)(?<!list)"
    r"\s+(?:before|after|while|so that|because|since|which|who|until|unless|if)\b.*$",
    re.IGNORECASE,
)
"""A clause that only says why or when."""
POINTERS = frozenset(
    "a an the this that these those it them him her its their his your our all each every both any "
    "one two three four five six".split()
)
"""Words by which an object begins."""
