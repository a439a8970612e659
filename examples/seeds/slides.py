"""Seeds three presentations with two slides each in the current folder.

`mcp.json` runs it before its presentation server starts, with the Python of that server's environment.
"""

from __future__ import annotations

from datetime import datetime

from pptx import Presentation

TALKS = {
    "coast.pptx": (
        "Coast survey",
        ("Lighthouses of the north coast", "A survey in three summers"),
        ("What we measured", "Height, range and the year of the last keeper"),
    ),
    "islands.pptx": (
        "Island winters",
        ("Who stays when the ferry stops", "Four families and a priest"),
        ("Stores for ninety days", "Flour, lamp oil and letters"),
    ),
    "ferries.pptx": (
        "A century of ferries",
        ("The first steamer", "Built in Torsvik in 1898"),
        ("Ships and routes", "Where they went and how often"),
    ),
}
"""File → title of the talk, and title and text of its slides."""
MADE = datetime(2026, 6, 1, 9, 0)


def main() -> None:
    """Write the files."""
    for name, (subject, *slides) in TALKS.items():
        talk = Presentation()
        talk.core_properties.title = subject
        talk.core_properties.created = talk.core_properties.modified = MADE
        for title, text in slides:
            slide = talk.slides.add_slide(talk.slide_layouts[1])
            slide.placeholders[0].text = title
            slide.placeholders[1].text = text
        talk.save(name)


if __name__ == "__main__":
    main()
