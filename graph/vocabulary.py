"""Word lists about how APIs are named: verbs, attributes, roles, words that say nothing. General usage, no server's."""

from __future__ import annotations

from typing import Literal

Deed = Literal["seek", "read", "make", "change", "end", "act"]
"""What a tool does to its object: `seek` finds it from words, `read` shows a known one, `make` brings a new one into
being, `change` and `end` need it to exist, `act` is anything else."""
LOOKING: frozenset[Deed] = frozenset({"seek", "read"})
"""What only wants to know something."""


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VERBS: tuple[tuple[Deed, str], ...] = (
    (
        "seek",
        "search find list lookup look query browse discover resolve locate suggest autocomplete explore filter match "
        "identify recommend nearby index enumerate scan",
    ),
    (
        "read",
        "get fetch retrieve read show view describe load pull see inspect display obtain access count download export "
        "extract scrape crawl track monitor current",
    ),
    (
        "make",
        "create add new insert register open start generate upload book reserve place schedule submit make post build "
        "issue draft launch begin initiate init initialize connect login signin signup authenticate buy purchase "
        "checkout enroll fork clone copy duplicate import request allocate",
    ),
    (
        "change",
        "update edit modify change set put patch rename move replace append upsert merge assign adjust approve reject "
        "reschedule transfer toggle enable disable mark tag label write save store apply",
    ),
    (
        "end",
        "delete remove cancel drop clear close stop end destroy archive unassign unsubscribe unfollow logout terminate "
        "revoke reset kill purge discard trash disconnect forget uninstall",
    ),
    (
        "act",
        "check send reply forward convert calculate compute translate validate verify analyze analyse run execute call "
        "invoke play pause resume order pay notify encrypt decrypt format parse render compare summarize evaluate test "
        "simulate predict estimate solve transform process print share publish subscribe watch follow like comment "
        "navigate click type press wait ask answer chat sync deploy review record use do handle perform plan provide "
        "manage allow return",
    ),
)
DEEDS: dict[str, Deed] = {word: deed for deed, text in _VERBS for word in text.split()}
"""Verbs at the start of a tool's name, by what they do."""

VERBS_AT_END = _set("search find list lookup get create add update delete remove insert details query fetch")
"""Verbs recognised at the end of a name too, as in `orders.list`."""

WIRE_VERBS = _set("get post put patch delete")
"""Verbs of HTTP, which may stand before the verb that counts: `get_search_person`."""

NAMING = _set(
    "id key code number name title slug handle url uri link path token hash sha symbol ticker email sku isbn asin "
    "iban arn cik reference address phone login iata icao barcode iso"
)
"""Attributes that stand for the thing that has them."""

IDENTIFYING = _set("id key code number slug handle token hash sha symbol ticker sku isbn asin iban arn cik reference")
"""Those of them that no user makes up."""

TELLING = _set("symbol ticker isbn asin sku iban iata icao arn cik barcode email")
"""Those that mean the same whatever they belong to."""

NAMES = _set("name title slug handle key path url email")
"""Attributes under which people put something new into the world."""

SECRET = _set("token session cookie credential")
"""Things that one call hands out and many take."""

OUTCOME = _set("status success error message result response ok warning acknowledgment acknowledged note")
"""Names of fields that report on the call itself."""

CREDENTIAL = _set("password passcode pin otp passphrase")
"""What only the user knows; what stands beside it (a user name, an e-mail address), the user knows too."""

CONTROL = _set(
    "limit page offset sort order size count cursor language locale format timeout verbose include exclude field "
    "filter mode unit option version depth width height color style theme top skip threshold market per pagination "
    "direction asc desc batch max min flag strict force debug delay interval retry encoding precision decimal "
    "parameter setting level quality pretty recursive dry preview scale aggregation sorting callback extra total "
    "granularity radius strategy temperature model confidence maximum minimum result output response overwrite units"
)
"""Words of parameters that steer a call instead of naming what it is about."""

CONTROL_STARTS = _set("max min include exclude is has enable with show use no sort page per include only should num")
"""First words that make a parameter steer: `max_results`, `include_adult`."""

VAGUE = _set("type status state category kind role class group sort label tag gender")
"""Words whose values are chosen from a few, and mean something else everywhere."""

TEXT = _set(
    "query q search keyword text content message body description comment prompt summary note question expression "
    "formula title subject reason input data value term statement sql instruction sentence caption topic feedback "
    "criterion thought script html markdown word phrase string"
)
"""Words of parameters that people write."""

TIME = _set("date time day month year hour minute week start end stamp datetime duration birth period since until")
"""Words of points and spans of time."""

PLACE = _set("latitude longitude coordinate")
"""Words of places that tools compute and people do not know."""

ROLES = _set(
    "origin destination source target from to start end begin old new parent child owner sender receiver recipient "
    "current previous next primary secondary main default base other original final departure arrival return pickup "
    "dropoff billing shipping home away inbound outbound left right my your this that in out input selected existing "
    "given root initial second third another related specific external internal"
)
"""Words that say which part a thing plays, not what it is."""

NOTHING = _set(
    "similar related recommendation recommended "
    "result item data list response record entry output information detail object value node edge element row array "
    "payload content page meta collection hit match all api a an the of by for with and or on at in to from any "
    "some each full overview metadata body batch bulk multiple single many specific available latest recent popular "
    "trending upcoming rated today airing now playing simple advanced real general basic quick raw extended set "
    "various unique simple type kind default id com io www http https v mcp tool server service client endpoint "
    "method function rest based using via per your you my their its it is are be this that these those current "
    "existing given provided specified matching relevant related one more most other new realtime also optionally "
    "top best summary great next previous dictionary dict string str json boolean integer number optional "
    "about into within between such as including includes include containing contains which where when if not"
)
"""Words that name no kind of thing."""

WEAK = _set(
    "item page node element row record entry object value server service client tool collection function method type "
    "set match kind hit edge"
)
"""Those of them that are kinds of thing all the same where a tool is named for them: `get_page`."""

LINKS = _set("by for from with in of to on at using via and or given based per into within under as where that which")
"""Words after which a name speaks of something other than its main object."""

KIN: dict[str, str] = {
    word: first
    for first, *others in (
        line.split()
        for line in (
            "movie film", "image photo picture", "customer client", "directory folder", "symbol ticker", "song track",
            "location place", "email mail", "price cost", "car vehicle", "image img", "id identifier",
            "company business", "employee staff", "product goods", "url link uri", "tv television", "doctor physician",
            "purchase acquisition", "apartment flat", "video clip", "author writer", "postal postcode", "phone mobile",
        )
    )
    for word in others
}  # fmt: skip
"""Words for the same kind of thing, to the first of them."""

IS_A: dict[str, str] = {
    word: kind
    for kind, text in (
        ("person", "cast crew actor actress director guest star contributor speaker performer player candidate"),
        ("user", "owner author creator assignee sender recipient receiver member follower following friend reviewer "
                 "participant attendee requester reporter approver organizer admin manager collaborator subscriber "
                 "submitter poster uploader host profile"),
        ("location", "city place airport"),
        ("file", "attachment"),
        ("directory", "parent"),
    )
    for word in text.split()
}  # fmt: skip
"""Parts that things of a more general kind play."""

FACET = _set(
    "profile account status history setting preference feature analysis statistic stat balance availability "
    "image video review rating similar recommendation recommended related favorite saved translation external "
    "title certification schedule watchlist activity content info price detail metadata count state version "
    "guest public private personal followed owned starred liked basic complete comprehensive information"
)
"""Nouns that show a side of the thing before them: a `user_profile` still has the id of a user."""

ALIKE = _set("similar related recommendation recommended nearby follower following friend child neighbor sibling")
"""Words of tools that take one thing and give others of its kind."""

CONTAINED = {"coordinate": ("latitude", "longitude"), "credential": ("token",), "geocode": ("latitude", "longitude")}
"""Things that are given as several values."""
