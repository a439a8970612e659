"""General English that the offline teacher speaks with: verbs, everyday words for what interfaces call things."""

from __future__ import annotations


def table(text: str) -> dict[str, tuple[str, ...]]:
    """Words with what stands for them: `start=beginning/outset|end=close`."""
    rows = (line.partition("=") for line in text.replace("\n", "|").split("|") if "=" in line)
    return {word.strip(): tuple(item.strip() for item in others.split("/")) for word, _, others in rows}


VERBS = frozenset(
    """
    accept access acknowledge activate add adjust allocate allow amend analyse analyze annotate answer append apply
    approve archive arrange ask assemble assess assign attach authorise authorize balance bill block book borrow bring
    browse build buy calculate calibrate call cancel capture change charge check choose claim classify clean clear
    clone close collect combine comment commit compare compile complete compose compute confirm connect consume
    contact control convert copy correct count create crop customise customize cut decide declare decline define delete
    deliver deploy
    describe design detach detect determine disable discard disconnect discover dispatch display divide download draft
    draw drop duplicate edit eject email empty enable encode end enrol enroll enter estimate evaluate examine execute
    expand explain explore export extend extract fetch file fill filter find finish fix flag follow forecast forget
    format forward free freeze gather generate get give grant group grow hand hang harvest hide hire hold identify
    import include increase index inform insert inspect install insure invite invoice issue join judge keep label
    launch lay lease leave lend let lift limit link list load locate lock log look lower make manage mark match
    measure merge message mix modify monitor mount move name note notify offer open order organise organize pack park
    parse pause pay perform pick place plan plant play plot post predict prepare prescribe preview print process
    produce propose provide publish pull purchase push put query queue quote raise rank rate read rearrange receive
    recommend reconnect record recover redeem redo reduce refer refresh refund refuse register reject release reload
    remind remove rename render renew rent reopen reorder repair repeat replace reply report request reschedule
    reserve reset resize resolve restart restore resume retrieve return reverse review revise revoke rotate route run
    sample save scan schedule search see select sell send serve set settle share ship show shut sign simulate skip
    solve sort sow split stage start stop store submit subscribe summarise summarize suspend swap switch sync tag take
    talk tell test track train transfer translate trigger turn unblock undo uninstall unlock unpack unsubscribe update
    upgrade upload use validate verify view visualize void wait waive warn wash watch water weigh withdraw work wrap
    write zip diff reset checkout stash rebase ping crawl scrape echo encrypt decrypt hash lookup inform seek trace
    optimize optimise populate style align highlight compress toggle pin unpin trim normalize normalise enrich embed
    install adopt appraise audit award
    """.split()
)
"""Base forms that a description or a tool's name may open with."""

ENTERING = frozenset("open load connect access enter mount attach".split())
"""Verbs of what only gives access to the things that something is done with."""
PARTICLES = frozenset("out back in off up on down away over through".split())
DETERMINERS = frozenset(
    "a an the one any some every each all this that these those its their your our my new several multiple what which "
    "whether how".split()
)
SMALL = frozenset(
    "a an the of to for in on at by with from and or is are was be it its this that these those as if than then so "
    "such not no per into about between within during without across against among toward towards over under up out "
    "off you use take make put your we our they their he she i me my will would can could should may might must do "
    "does did has have had been being there here all any each every some one only also more most other same who "
    "because what which when where why how please like need want just now".split()
)
"""Words that say nothing of what is wanted."""

SYNONYMS = table(
    """
name=label/title/what it is called|names=labels/titles|title=heading/what it is called|titles=headings
date=day/point in time|dates=days|day=date/calendar date|time=moment/hour|start=beginning|end=close/finish
starts=first day|ends=last day|city=town/place|cities=towns|location=place/spot|place=spot|country=nation/land
address=street and place|query=request/statement|text=wording/words|message=note/words|note=remark/comment
notes=remarks/comments|comment=remark|remark=comment/note|body=wording|content=wording|description=summary/wording
summary=short version|reason=cause/explanation|status=state/standing|state=standing/condition|kind=sort/type
type=kind/sort|category=group/class|label=heading/tag|tag=mark|tags=marks|limit=upper bound/most|count=total/tally
quantity=amount/how many|amount=sum/total|price=cost|cost=price|total=sum|value=figure/reading|number=figure
level=degree|priority=urgency|size=dimensions|weight=mass|length=extent|width=breadth|height=how high
age=years of life|year=calendar year|month=calendar month|months=month|week=seven days|weeks=week|days=day
hours=hour|minutes=minute|duration=stretch|email=mail address|phone=telephone|user=person|username=login
client=customer|customer=client|guest=visitor/people|guests=people/visitors|owner=holder|author=writer
assignee=person in charge|method=way|mode=way of working|format=form|language=tongue|currency=money|unit=measure
units=measures|path=file/document|file=document|files=documents|folder=directory|directory=folder|url=web address
link=web address|color=colour/shade|colour=color/shade|style=look|order=sequence/sorting|sort=ordering|page=sheet
offset=starting point|filter=restriction|filters=restrictions|id=identifier|key=identifier|code=identifier
token=pass|password=secret word|role=part|team=group|group=team|project=undertaking|task=job/to-do|event=occasion
room=space|table=grid|row=line|rows=lines|column=field|columns=fields|cell=box|sheet=tab|range=area/block of cells
data=figures/entries|image=picture|option=choice|options=choices|source=origin|target=end point/aim|destination=goal
origin=starting point|from=starting point|to=end point|course=part of the meal|cook=chef|branch=local site
storage=way of keeping|hazards=dangers|zone=area/section|medium=material|whereabouts=present place
courier=escort/travelling companion|grade=rating|reference=standard|amendment=additive/treatment|litres=litre
kilograms=kg|kilometers=km|species=kind of animal|genre=sort of book|procedure=treatment|message_id=message
rating=score|score=rating|topic=theme/subject|subject=topic|theme=topic|version=release|revision=state|symbol=ticker
expression=sum/formula|formula=sum|operation=step|action=step|scope=reach|parameters=settings|settings=preferences
config=setup|timezone=zone/local clock|database=data store|schema=layout|layout=arrangement|item=thing|items=things
list=rundown|object=thing|result=outcome|results=outcomes|report=write-up|record=entry|entry=record|document=paper
product=article|products=articles|service=offering|account=profile|position=spot|part=role/section
index=place in line|left=inset from the side|top=inset from the upper edge|shape=form|chart=diagram|barcode=bar code
isbn=book number|member=cardholder|book=volume|loan=lending|fee=charge|bill=charge|visit=call|appointment=booking
patient=person in care|recipe=dish|ingredient=foodstuff|plot=patch|crop=plant|sample=specimen|instrument=device
run=session|slot=opening|museum=collection house|exhibition=show|artwork=piece|insight=finding
recursive=everything below as well|overwrite=replace what is there|force=push it through|verbose=all details
calculate=work out/compute|evaluate=work out/check|search=look through/go through|list=go through/show
fetch=get/bring up|echo=repeat|convert=turn|translate=put into another language|find=look up/look for|add=put in
update=bring up to date|delete=remove|remove=take out|create=set up/make|send=pass on|summarize=sum up
replacement=substitute/new wording|question=query|answer=reply|prompt=instruction|instructions=directions
model=version|person=individual
"""
)
"""Everyday words for what interfaces call things; tried in order, where the first choice may not be said."""

VERB_FORMS = table(
    """
create=create/make/set up|get=get/look up/pull up|retrieve=get/look up|fetch=get/look up|return=get
list=list/go through|extract=extract/pull out/get|cancel=cancel/call off|delete=delete/remove/get rid of
remove=remove/take out|update=update/change|describe=describe/look at|find=find/look up/look for|display=show
provide=get|modify=change|analyze=analyse/look into|compute=work out|calculate=work out/calculate
"""
)
"""Verbs of interfaces with what a person says for them."""
UNITS = table(
    """
kg=kilograms|c=degrees Celsius|g=grams|mg=milligrams|km=kilometres|m=metres|cm=centimetres|mm=millimetres
m2=square metres|eur=euros|usd=dollars|gbp=pounds|percent=percent|pct=percent|hours=hours|hour=hours|minutes=minutes
minute=minutes|min=minutes|seconds=seconds|second=seconds|secs=seconds|days=days|weeks=weeks|months=months
years=years|litres=litres|liters=liters|kilograms=kilograms|grams=grams|euros=euros|dollars=dollars|metres=metres
meters=meters|miles=miles|kilometers=kilometers|euro=euros|dollar=dollars|gram=grams|kilogram=kilograms|litre=litres
liter=liters|metre=metres|meter=meters|mile=miles|day=days|week=weeks|month=months|year=years
celsius=degrees Celsius|fahrenheit=degrees Fahrenheit|milligrams=milligrams|milligram=milligrams|inches=inches
inch=inches|points=points|point=points
"""
)
"""Last words of a parameter's name that are units, written out."""

COUNTING = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
MEASURES = table("width=wide|height=high|length=long|depth=deep|thickness=thick")
"""What a person says behind a number for its size."""
SPANS = frozenset("days weeks months years hours minutes seconds day week month year hour minute second".split())
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December"
)  # fmt: skip
