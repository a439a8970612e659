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
_SHORTENED = "".join(rf"(?<!\b{word})" for word in (r"e\.g", r"i\.e", "Dr", "Mr", "Ms", "Mrs", "approx"))
END = re.compile(rf"(?:{CODE}|\([^()]*\))|(?P<end>{_SHORTENED}(?:(?<!\bNo)|(?!\.\s*\d))[.!?;](?=\s|$)[)\"”]?)")
"""Ends of sentences, and what they are not looked for in."""

_ORDER = r"""
    (?:step|no\.?)\s*\d+\)?\s*[:.)-]* | first(?:ly)?(?: of all| off)? | second(?:ly)? | third(?:ly)? | fourth
    | next(?: up)? | then | now | last(?:ly)?(?: of all)? | finally | after(?: that| this|wards) | in the end | at last
    | to (?:begin|start|finish|end)(?: with)? | to conclude | (?:start|begin|finish|end) by
    | (?:once|when) (?:that|this)(?: is|'s) (?:done|ready|in place) | once done | with that done | that done
    | from there | and | also | please | simply | just | so | straight away | immediately | at once
    | in (?:this|that) case | as (?:the|a) (?:first|next|last|final) (?:step|thing)
    | (?:no|yes|ok(?:ay)?|good|right|well)(?=[,.:!]) | but | likewise | again | once more | meanwhile | instead
    | in turn
    | (?!(?:reply|apply|supply|comply|rely|multiply)\b)[a-z]{2,}ly | at the same time | as before | kindly | still
"""
OPENER = re.compile(rf"^(?:\(?(?:{one_of(_ORDER)})\b[,.:;]?\s*(?:{_DASH}\s*)?)+", re.IGNORECASE)
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
NO_OBJECT = re.compile(
    r"[A-Za-z-]+(?::|'|\u2019|\s+(?:is|are|was|were|has|have|had|of|and|or|will|would|can|may|must|should|do|does"
    r"|(?<!see )(?<!check )(?<!verify )(?<!ensure )(?<!record )(?<!note )that [a-z]+s)\b)",
    re.IGNORECASE,
)
"""What stands behind a word that opens a statement, and is no verb there."""
REMARK = opening(
    r"""
    note | nb | n\.b\. | warning | caution | tip | hint | remark | background | important | example | for example
    | e\.g\. | fyi | reminder | see also | history | why | attention | good to know | remember
    """,
    r"\b\s*(?:that\b|[:.,\u2013-](?!\s*[\"\u201c`])|\()",
)
"""Words of a remark; a value set apart behind such a word is what a remark is to say."""
BY_SELF = re.compile(r"\b(?:by|for|it|them|that|this) (?:him|her|it|them)sel(?:f|ves)\b", re.IGNORECASE)
"""Done by somebody without anybody else."""
FORESEEN = opening(r"(?:you|we)(?:'ll|\u2019ll| will| should) (?:now |then )?(?:see|find|notice|hear)")
"""What is only said to come about."""
OPTIONAL = opening(r"""
    optional(?:ly)? | if you (?:like|want|wish) | you (?:may|might|can) (?:also|want) | feel free
""")
LEAD = opening(r"""
    once | when | after | as soon as | before | to | in order to | for | in | on | at | with | from | using | via | by
    | under | as | during | having | knowing | among | out of | into | between | without | of | against | towards
""")
"""What may stand before an order, up to a comma."""
PLACED = re.compile(
    r"^(?:for|in|on|at|with|from|under|among|out of|into|to the|by|against|between)\s"
    r"(?:(?!\b(?:is|are|has|have|was|were|you|we|they|he|she|it|once|when)\b)[^,:])+$",
    re.IGNORECASE,
)
"""What stands before an order and says to what or with what it is done."""
_PERSONS = r"""
    [a-z]{2,}(?:er|or|ist|ian|ant|ess) | clerk | nurse | vet | chef | cook | staff | team | desk | crew | colleague
    | person | guard | coach | guide | registrar | office
"""
_WILL = r"""
    will | should | must | shall | can | needs? to | has to | have to | (?:is|are) to | now | then | first | next
    | always | also | finally | therefore | thus | usually | afterwards
"""
ACTOR = re.compile(
    rf"^(?:you|we|one|(?P<pronoun>she|he|they)|staff|somebody|someone|everybody|whoever is [a-z ]{{2,20}}?"
    rf"|the (?:[a-z-]+ ){{0,2}}?(?:{one_of(_PERSONS)}))(?: (?:on duty|on call|in charge|at the desk))?"
    rf"(?:\s(?:{one_of(_WILL)}))*\s+",
    re.IGNORECASE,
)
"""Who does what a manual asks for."""
SOMEBODY = re.compile(
    rf"^(?:(?:the|our|a|an|whoever) (?:[a-z-]+ ){{1,3}}?|[A-Z][a-z]+ (?:[A-Z][a-z]+ )?)(?:(?:{one_of(_WILL)})\s)*"
    r"(?=[a-z]+s?\s)"
)
"""Who may do something that a text tells."""
_ADVERB = (
    r"(?:then|now|next|finally|first|always|also|thus|therefore|again|still|too|lastly|only|to be|(?!only)[a-z]+ly)"
)
HABIT = re.compile(r"\b(?:on [A-Z][a-z]+days|every (?:day|week|month|year|morning|evening)|usually|as a rule)\b")
"""Words of what is done again and again."""
PASSIVE = re.compile(
    r"^(?P<thing>\S.{0,90}?)\s(?:is|are|gets?|being|be"
    r"|(?:must|should|can|will|shall|may|has to|have to|needs? to|wants? to) "
    rf"(?:(?:now|then|next|finally|only) )?be)\s(?:{_ADVERB}\s)*(?P<deed>[a-z]+)\b\s*(?P<rest>.*)$",
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
    r"^(?:open|get|pull|bring|call|look|fetch|show|see|produce|have|make|draw|print)\s(?:(?:up|at|through|out)\s)?"
    r"(?:the|a|its|our)\s(?:full |whole )?list of (?:all )?",
    re.IGNORECASE,
)
"""A list that is asked for, for listing."""
LET_HAVE = re.compile(r"^let (?P<who>\w+(?: [A-Z]\w+)?) have (?P<thing>.+)$", re.IGNORECASE)
"""An order to give something."""
COMES = re.compile(
    r"^(?P<thing>(?:\S+ ){1,6}?)(?:(?:then|now|next|also) )?"
    r"(?:goes|go|comes|come) (?P<rest>(?:in|into|on|onto|to|under)\b.*)$",
    re.IGNORECASE,
)
"""Where something is to be put, told as where it goes."""
LET_DO = opening(r"have (?:him|her|them|somebody|someone)", r"\s(?=[a-z]+\s)")
"""An order that somebody else is to carry out, before what it is."""
CAUSED = re.compile(
    r"^(?:have|get|mark|set|flag|declare) (?P<thing>(?:(?!(?:to|and|if|as)\b)\S+ ){1,9}?)(?:(?:as|to) )?"
    rf"(?P<deed>{'|'.join(PARTICIPLES)})\b(?: to you)?(?P<rest>.*)$",
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
    | always
    """,
    r"\s+(?=[a-z])",
)
"""Words of stress before an order."""
_ASKING = r"""
    (?:could|can|would|will|might) (?:you|one of you|somebody|someone) | be so kind as to
    | (?:i|we)(?:'d|\u2019d| would)? (?:like|need|want|ask|expect|wish|have to ask) (?:for )?you to
    | (?:i|we)(?:'d|\u2019d| would) be (?:very |so )?(?:glad|grateful|happy|pleased) if you (?:could|would)
    | (?:may|can|could|might) (?:i|we) ask you to | you are (?:kindly )?(?:asked|requested) to
    | it would be (?:good|great|nice|kind|lovely|helpful) if you (?:could|would)
"""
ASKING = re.compile(
    rf"\b(?:{one_of(_ASKING)})\b(?:,?\s(?:please|kindly|then|also|now|next|first|mind)\b,?)*\s", re.IGNORECASE
)
"""Words of a polite request before what is to be done."""
BY_DOING = opening(r"(?:begin|start|continue|go on|end|finish|open|close)s?\s(?:by|with)", r"\s(?=[a-z]+ing\b)")
BY_SOMETHING = re.compile(
    r"\bby (?:the|an?|our|its|her|his|their|one of|somebody|someone|[A-Z]\w+)\b"
    r"(?! (?:name|title|number|code|e?mail|phone|post|hand|letter|words?)\b)"
)
"""What does something in the passive, in contrast to how it is done."""
_LINK = (
    r"and|but|so(?! (?:that|as|long|far|much|many)\b)|therefore|hence|then|also|finally|next|afterwards|after that"
    r"|at once|lastly|please"
)
JOINT = re.compile(
    rf"(?P<code>{CODE}|\([^()]*\))"
    rf"|(?P<joint>(?:,\s+|\s+)(?:(?:{_LINK})\b,?\s+)+|,\s+|\s{_DASH}{{1,2}}\s+|;\s+|:\s+)",
    re.IGNORECASE,
)
"""What may stand between two deeds."""
REASONS = re.compile(r"\b(?:so|therefore|hence)\b", re.IGNORECASE)
"""Joints before which only stands why."""
IF = re.compile(
    r"(?<!\bas)(?<!\bsee)(?<!\bcheck)(?<!\bout)(?<!\bask)(?<!\beven)(?<!\bup)"
    r"\s(?:if|unless)\s(?!possible|need|you can|in doubt)"
    r"(?:he|she|it|they|you|we|there|the|a|an|one|this|that|nobody|somebody|anything|nothing)\b",
    re.IGNORECASE,
)
"""A condition behind an order."""
SUBORDINATE = re.compile(r"\b(?:that|which|who|whose|because|since|while|where)\b", re.IGNORECASE)
"""Words of clauses within which nothing new is begun."""
HANGS_ON = re.compile(r"^(?:if|unless|otherwise|in case|should)\b", re.IGNORECASE)
"""The beginning of a part of a sentence that depends on something."""
WHY = re.compile(
    r"(?<=[\w)\u201d`\"])(?<!\bsee)(?<!\bcheck)(?<!\blist)(?<!\bout)(?<!\bup)(?<!\bfor)(?<!\bof)(?<!\bat)(?<!\bto)"
    r",?\s+(?:before|after|while|so that|because|since|which|who|until|unless|if)\b.*$",
    re.IGNORECASE,
)
"""A clause that only says why or when."""
DETERMINERS = frozenset("a an the all both its their your our his every each my and or".split())
PREPOSITIONS = frozenset(
    "for in on at with from under among out of into to by against between about as behind before after until since "
    "and or once when while during through over within without near per via using".split()
)
POINTERS = frozenset(
    "a an the this that these those it them him her its their his your our all each every both any "
    "one two three four five six".split()
)
"""Words by which an object begins."""
