"""Words of identifiers and descriptions: split, singular, abbreviations written out.

`words("shipToAddrIDs")` is `("ship", "to", "address", "id")`. General English and API usage only.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_PLURAL_ACRONYM = re.compile(r"([A-Z]{2,})e?s(?![a-z])")

_IDENTIFYING = frozenset("id key code sku isbn slug uuid guid token hash sha handle serial ticker symbol".split())

WRITTEN_OUT: dict[str, tuple[str, ...]] = {
    short: tuple(long.split())
    for short, long in (
        line.split("=")
        for line in """
acct=account|accts=account|acc=account|addr=address|amt=amount|app=application|apps=application|appt=appointment
attr=attribute|auth=authentication|avg=average|bal=balance|btn=button|cal=calendar|cert=certificate|cfg=configuration
cnt=count|config=configuration|conn=connection|conv=conversation|coord=coordinate|coords=coordinate|cust=customer
db=database|dept=department|desc=description|dest=destination|dst=destination|dir=directory|dirs=directory
dob=birth date|doc=document|docs=document|dt=date|emp=employee|env=environment|est=estimate|evt=event|exp=expiry
filename=file name|filepath=file path|folderid=folder id|fname=first name|lname=last name|guid=id|hostname=host name
identifier=id|ident=id|idx=index|jid=id|ulid=id|gid=id|img=image|imgs=image|info=information|inv=invoice|kw=keyword|lang=language
lat=latitude|len=length|lng=longitude|lon=longitude|loc=location|locs=location|mgr=manager|mr=merge request
msg=message|msgs=message|nbr=number|num=number|obj=object|org=organization|orgs=organization|organisation=organization
param=parameter|params=parameter|pct=percent|percentage=percent|perm=permission|pic=picture|pkg=package
postcode=postal code|zipcode=postal code|zip=postal code|pr=pull request|prefs=preference|prod=product|proj=project
pwd=password|passwd=password|qty=quantity|recv=receiver|ref=reference|repo=repository|repos=repository|resp=response
sess=session|spec=specification|src=source|stmt=statement|subreddits=subreddit|svc=service|tel=phone|telephone=phone
temp=temperature|tgt=target|timestamp=time stamp|tix=ticket|tx=transaction|txn=transaction|txid=transaction id
tz=timezone
uid=user id|userid=user id|user_id=user id|username=user name|usr=user|uuid=id|vm=machine|vol=volume|wh=warehouse
chatid=chat id|orderid=order id|videoid=video id|channelid=channel id|postid=post id|itemid=item id|movieid=movie id
artistid=artist id|albumid=album id|trackid=track id|placeid=place id|teamid=team id|gameid=game id|groupid=group id
projectid=project id|taskid=task id|productid=product id|customerid=customer id|documentid=document id|pageid=page id
nickname=nick name|screenname=screen name|codename=code name|colour=color|cancelled=canceled|favourite=favorite
catalogue=catalog|licence=license|geocode=geocode|apikey=api key|accesstoken=access token|sessionid=session id
""".replace("\n", "|").split("|")
        if line
    )
}
_SAME_IN_PLURAL = frozenset(
    "news series species analytics always address status gps aws dns https http js css os ios kubernetes sms lens "
    "alias canvas atlas bus gas plus this is has was yes bias us as its his does focus bonus campus virus census "
    "express access process class pass business progress basis analysis thesis crisis metadata data os sas tls "
    "ss less across previous various famous mas pos rss cors iris tennis chess paris texas".split()
)
_IRREGULAR = {
    "people": "person", "persons": "person", "children": "child", "men": "man", "women": "woman", "feet": "foot",
    "indices": "index", "indexes": "index", "vertices": "vertex", "matrices": "matrix", "criteria": "criterion",
    "media": "medium", "movies": "movie", "cookies": "cookie", "calories": "calorie", "statuses": "status",
    "aliases": "alias", "analyses": "analysis", "lives": "life", "leaves": "leaf", "knives": "knife",
    "shelves": "shelf", "halves": "half", "wolves": "wolf", "loaves": "loaf",
    "scarves": "scarf", "thieves": "thief", "wives": "wife", "hypotheses": "hypothesis", "buses": "bus",
    "heroes": "hero", "quizzes": "quiz", "caches": "cache", "axes": "axis", "databases": "database", "bases": "base",
    "tomatoes": "tomato", "potatoes": "potato", "viruses": "virus", "bonuses": "bonus", "zombies": "zombie",
    "uris": "uri", "apis": "api", "kpis": "kpi", "dois": "doi", "pois": "poi", "guis": "gui", "emojis": "emoji",
}  # fmt: skip


@lru_cache(maxsize=1 << 17)
def words(text: str) -> tuple[str, ...]:
    """The words of an identifier: lower case, singular, abbreviations written out, numbers left out."""
    found: list[str] = []
    for piece in _PIECE.findall(_PLURAL_ACRONYM.sub(r"\1", text)):
        word = piece.lower()
        found += WRITTEN_OUT.get(word) or WRITTEN_OUT.get(singular(word)) or (singular(word),)
    return tuple(found)


@lru_cache(maxsize=1 << 17)
def singular(word: str) -> str:
    """The singular of an English noun in lower case; other words come back as they are or slightly shorter."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 3 or not word.endswith("s") or word in _SAME_IN_PLURAL or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    return word[:-1]


@lru_cache(maxsize=1 << 17)
def plurals(text: str) -> frozenset[str]:
    """The singulars of the words that stand in the plural in an identifier."""
    pieces = [piece.lower() for piece in _PIECE.findall(text)]
    return frozenset(word for piece in pieces if (alone := singular(piece)) != piece for word in words(alone))


def names_identifier(pattern: str) -> bool:
    """Whether the last part of a field or parameter pattern is called like an identifier, which nobody makes up."""
    own = words(pattern.replace("[]", "").rpartition(".")[2])
    return bool(own) and own[-1] in _IDENTIFYING
