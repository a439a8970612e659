"""No form of a secret stays in what a server says, and nothing else is taken out."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolweave.servers.veil import REDACTED, Veil

SECRET = "ck-Zx81+/kLmq#99 tR!vb"
DATA = SECRET.encode()
FORMS: dict[str, str] = {
    "plain": SECRET,
    "upper case": SECRET.upper(),
    "backwards": SECRET[::-1],
    "hex": DATA.hex(),
    "hex with colons": DATA.hex(":"),
    "percent": "".join(f"%{byte:02X}" for byte in DATA),
    "json in json": json.dumps(json.dumps(SECRET)),
    "escaped": "".join(f"\\u{byte:04x}" for byte in DATA),
    "decimal": ", ".join(map(str, DATA)),
    "base32": base64.b32encode(DATA).decode(),
    "utf-16 in base64": base64.b64encode(SECRET.encode("utf-16-le")).decode(),
    "folded base64": base64.encodebytes(DATA * 5).decode(),
    "url-safe base64": base64.urlsafe_b64encode(DATA).decode(),
    "a line for each character": "\n".join(SECRET),
    "with invisible characters": "\u200b".join(SECRET),
    "full width": "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in SECRET),
}


def shown(form: str, covered: str) -> int:
    """The longest run of letters and digits of a form that is still there."""
    compact, left = ("".join(filter(str.isalnum, text)).lower() for text in (form, covered.replace(REDACTED, "\n")))
    lengths = range(len(compact), 0, -1)
    return next((n for n in lengths if any(compact[i : i + n] in left for i in range(len(compact) - n + 1))), 0)


@pytest.mark.parametrize("name", FORMS)
def test_a_secret_is_covered_in_every_form(name: str) -> None:
    covered = str(Veil([SECRET]).cover(f"before {FORMS[name]} after"))
    assert REDACTED in covered
    assert shown(FORMS[name], covered) < 12


@settings(deadline=None)
@given(before=st.binary(max_size=7), after=st.binary(max_size=7))
def test_base64_is_covered_at_every_offset(before: bytes, after: bytes) -> None:
    covered = str(Veil([SECRET]).cover(base64.b64encode(before + DATA + after).decode()))
    assert shown(base64.b64encode(DATA).decode()[:-4], covered) < 12


@pytest.mark.parametrize(
    ("value", "covered"),
    [
        (["ck-Zx81", "+/kLmq#99 ", "tR!vb"], [REDACTED, f"+/{REDACTED} ", REDACTED]),
        ({"a": {SECRET: 1}}, {"a": {REDACTED: 1}}),
        ({"n": [None, True, 4.5, "text"]}, {"n": [None, True, 4.5, "text"]}),
    ],
)
def test_a_secret_is_covered_wherever_it_is_spread(value: Any, covered: Any) -> None:
    assert Veil([SECRET]).cover(value) == covered


def test_a_number_that_is_a_secret_is_covered() -> None:
    assert Veil(["4815162342"]).cover({"pin": 4815162342, "sum": 4815162343}) == {"pin": REDACTED, "sum": 4815162343}


def test_a_short_secret_is_covered_as_a_word() -> None:
    veil = Veil(["hunter2"])
    assert veil.cover("hunter2 and hunter22") == f"{REDACTED} and hunter22"
    assert REDACTED in veil.cover(base64.b64encode(b"hunter2").decode())


def test_a_huge_text_with_a_secret_is_withheld() -> None:
    assert Veil([SECRET]).cover("x " * 600_000 + SECRET) == REDACTED


SCALARS = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@settings(deadline=None)
@given(VALUES)
def test_what_holds_no_secret_stays_as_it_is(value: Any) -> None:
    assert Veil([SECRET]).cover(value) == value


@settings(deadline=None)
@given(st.text(alphabet="ab1+ \n", min_size=9, max_size=40), st.text(alphabet="ab1+ \n", max_size=80))
def test_no_secret_of_any_kind_survives(secret: str, text: str) -> None:
    covered = str(Veil([secret]).cover(f"{text}{secret}{text}"))
    assert sum(map(str.isalnum, secret)) < 8 or shown(secret, covered) < 15
