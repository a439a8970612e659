"""General English of instructions: what people say for what interfaces do, and what no interface does."""

from __future__ import annotations

from toolweave.agent.offline.lexicon import VERBS

_ALIKE = """
find look_up search look_for pick_out pick choose select spot trace locate seek call_up
find bring_up identify go_through browse list query see_which see_what
get go_to read view open show display describe retrieve fetch pull inspect consult pull_up look_up bring_up look_at see
get_hold_of check review go_over study look_into call_up load
list show see go_through check look_through enumerate find get
compare weigh_up hold_against look_at check
create add register enter make set_up open record enrol enroll sign_up put_in new enter_into start put_down
register enrol enroll sign_up join take_on set_up enter
add put put_on put_in attach append include insert
book reserve schedule arrange make plan put_down fix set_aside pencil_in
book_back receive_back take_back bring_back
check_in receive admit book_in sign_in log
check_out lend hand_out issue lend_out give_out borrow
return take_back bring_back hand_back give_back receive book_back book_in
retrieve take_out take_back bring_back get_out fetch bring pull
release free give_back let_go unblock lift take_off
hold block freeze quarantine set_aside put_on_hold keep_back
reserve set_aside earmark keep hold put_by place
cancel call_off abort drop withdraw scrap undo revoke
void cancel annul reverse strike
end terminate close finish stop give_up wind_up cancel
close shut turn_off shut_off
open turn_on
delete remove erase get_rid_of discard drop clear take_away
remove take_off take_down take_out take_away
update change modify edit amend adjust revise correct set
rename call name retitle relabel
copy duplicate clone
move shift transfer relocate
bill invoice charge issue make_out draw_up write_out
issue make_out draw_up write_out write print hand_out
pay settle take_payment
record enter log note write_down put_down register book take file note_down report
take collect accept receive
order buy purchase
send dispatch ship forward deliver send_off send_out mail email hand_over
receive accept take_in take_delivery book_in unload
approve authorise authorize sign_off confirm ok clear accept
confirm finalise finalize approve settle
request apply ask enter file log propose put_in
activate switch_on enable turn_on unlock reactivate unblock
suspend block freeze lock deactivate stop disable
renew extend prolong
waive let_off forgo write_off forgive cancel drop
prescribe put_on give
hang install mount put_up place
deinstall take_down take_off unhang remove
insure cover take_out
file submit lodge hand_in write_up write record enter
calibrate adjust
start begin launch run kick_off set_off
store put put_away stow keep save deposit
save store keep write
sow plant
harvest pick gather cut
amend work_into treat improve
water irrigate
lease let rent give
calculate compute work_out evaluate figure_out add_up reckon sum_up
convert turn translate change
commit check_in
stage add
notify tell inform alert message let_know ping write_to
write put fill fill_in type enter
export save_as write_out dump
import load read_in bring_in
sort order arrange rank
clear empty wipe
format style
merge combine join
"""
"""Verbs of one line are said for one another."""

ALIKE: dict[str, frozenset[str]] = {}
for _line in _ALIKE.split("\n"):
    for _verb in _line.split():
        ALIKE[_verb] = ALIKE.get(_verb, frozenset()) | frozenset(_line.split())

BY_HAND = frozenset(
    "ask wait wash thank greet smile remember ensure note_down memorise memorize apologise apologize breathe wipe "
    "rinse sweep dry sit stand walk knock listen relax rest think consider bear carry jot jot_down double-check "
    "double_check be have keep_in_mind take_care look_forward".split()
)
"""Deeds that are instructions, and no work for a tool."""
MORE_VERBS = frozenset(
    "phone ring escalate alert ping hand enter look pull type click press tap choose fill finalise finalize void "
    "waive deinstall calibrate amend stow sow irrigate earmark pencil settle quarantine reactivate deactivate unhang "
    "rent lodge prolong forgive erase scrap annul irrigate unload deposit relabel consult study log jot get go let "
    "lend borrow set take put give make mount turn work keep hold bring call write sign wind kick reckon figure "
    "prescribe treat improve gather cut plant pick dispatch ship mail page text nudge".split()
)
INSTRUCTING = VERBS | MORE_VERBS | BY_HAND
"""Base forms that open an instruction."""
PARTICLES = frozenset("up out in off back down over away on through into for at aside by along".split())
"""What makes another verb of a verb, right behind it or behind its object."""


def alike(one: str, other: str) -> float:
    """How far two verbs mean the same deed, 0..1."""
    if one.replace("_", "") == other.replace("_", ""):
        return 1.0
    return 0.85 if other in ALIKE.get(one, frozenset()) else 0.0
