"""The marks of a manual as speech has them: code spans and single quotation marks become double ones."""

from __future__ import annotations

import re

from toolweave.agent.texts.numerals import in_digits

_APART = re.compile(r"(\"[^\"\n]*\"|\u201c[^\u201d]*\u201d)")
_CODE = re.compile(r"`([^`\n]+)`")
_SINGLE = re.compile(r"(?<!\w)['\u2018]([^'\u2019\u2018\n]{1,80})['\u2019](?!\w)")
_TAG = re.compile(r"(?<![\w`\"&])(#[A-Za-z][\w-]+)(?![\w`\"])")
_CALLS = re.compile(r"\b(?:call|name|title|label) (?:it|them) (?=\")", re.IGNORECASE)
_NAMED = re.compile(r"\b(the|its|our|their|your) \"([^\"\n]+)\" ([a-z]{3,})\b(?! of\b)")
"""What a thing is called before what it is: the "Stock" sheet."""


def spoken(text: str) -> str:
    """The text with numbers in digits and every value set apart in double quotation marks: the sheet "Stock"."""
    text = _TAG.sub(r'"\1"', text)
    text = _SINGLE.sub(r'"\1"', _CODE.sub(lambda found: f'"{found.group(1).strip(chr(34))}"', text))
    text = "".join(part if number % 2 else in_digits(part) for number, part in enumerate(_APART.split(text)))
    text = _CALLS.sub("called ", text)
    return _NAMED.sub(r'\1 \3 "\2"', text)
