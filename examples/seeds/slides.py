"""Seeds a presentation `coast.pptx` with two slides in the current folder.

`mcp.json` runs it before its presentation server starts, with the Python of that server's environment.
"""

from __future__ import annotations

from datetime import datetime

from pptx import Presentation

SLIDES = [
    ("Lighthouses of the north coast", "A survey in three summers"),
    ("What we measured", "Height, range and the year of the last keeper"),
]
MADE = datetime(2026, 6, 1, 9, 0)


def main() -> None:
    """Write the file."""
    talk = Presentation()
    talk.core_properties.title = "Coast survey"
    talk.core_properties.created = talk.core_properties.modified = MADE
    for title, text in SLIDES:
        slide = talk.slides.add_slide(talk.slide_layouts[1])
        slide.placeholders[0].text = title
        slide.placeholders[1].text = text
    talk.save("coast.pptx")


if __name__ == "__main__":
    main()
