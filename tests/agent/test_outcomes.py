from __future__ import annotations

from typing import Any

import pytest

from toolweave.agent.outcomes import failure, reads_as_complaint
from toolweave.servers.results import CallResult

COMPLAINTS = (
    "Must provide either footnote_id or search_text",
    "Paragraph index 12 out of range",
    "Slide index 4 out of range",
    "URL is required for updating hyperlinks",
    "Both 'text' and 'url' are required for adding hyperlinks",
    "slide_index is required for enhance operation",
    "Data has 3 rows but table should have 4 rows",
    "Number of series names (2) must match number of series values (3)",
    "Slide count must be between 3 and 20",
    "PDF conversion not supported on Linux platform",
    "Unsupported operation: rotate. Use 'set', 'remove', or 'get'",
    "No presentation is currently loaded or the specified ID is invalid",
    "Invalid heading level: 12. Level must be between 1 and 9.",
)
"""What third-party servers return as the text of a call that they do not mark as failed."""

DEEDS = (
    "Document minutes.docx created successfully",
    "Table (3x2) added to minutes.docx",
    "Column widths set successfully for table 0 with 1 columns in points.",
    "Replaced 2 occurrence(s) of 'May' with 'June'.",
    "Document minutes.docx encrypted successfully with password.",
    "Style 'Ines Holm' created successfully.",
    "Switched to branch 'main'",
    "Insight added to memo",
    "All staged changes reset",
    "Footnote added to paragraph 3 in minutes.docx (simplified approach)",
    "Document signature is valid. Signed by Ines on 2026-03-01",
    "Cell padding set successfully for table 0, cell (0,0): top and bottom.",
    "The event of Haddad graduation on 2026-07-05 is confirmed with 1 dishes.",
    "Lot LT-53661 of cream may be used again.",
    "Share SH-10837 is released; 11 kg are left, which must be used by Friday.",
    "observations, stars, telescopes",
    "7.0",
)


@pytest.mark.parametrize("text", COMPLAINTS)
def test_a_reply_that_only_says_what_the_call_should_have_held_is_a_failure(text: str) -> None:
    assert failure(CallResult("ok", text, text, 0.0)) == f"soft error: {text}"


@pytest.mark.parametrize("text", DEEDS)
def test_a_reply_that_says_what_was_done_is_no_failure(text: str) -> None:
    assert failure(CallResult("ok", text, text, 0.0)) is None


@pytest.mark.parametrize(
    ("value", "failed"),
    [
        ({"message": "Must provide either a name or an id"}, True),
        ({"message": "Must provide either a name or an id", "id": "A-7"}, False),
        ({"id": "A-7", "note": "the sample must be kept dry"}, False),
        ({"success": False, "note": "nothing"}, True),
    ],
)
def test_an_object_fails_by_its_flags_or_by_a_message_that_is_all_it_holds(value: Any, failed: bool) -> None:
    assert (failure(CallResult("ok", str(value), value, 0.0)) is not None) == failed


def test_what_a_document_says_further_down_is_no_word_of_the_tool() -> None:
    page = "House rules\n\nVisitors must sign in."
    assert not reads_as_complaint(page)
    assert not reads_as_complaint("Found one page: visitors must sign in.")
