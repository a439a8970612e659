"""Seeds a workbook `nursery.xlsx` and a table `deliveries.csv` in the current folder.

`mcp.json` runs it before its spreadsheet server starts.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from openpyxl import Workbook

STOCK = [
    ("Plant", "Bench", "Pots", "Price", "Value"),
    ("Lavender", "A1", 120, 3.5, "=C2*D2"),
    ("Rosemary", "A2", 80, 4.25, "=C3*D3"),
    ("Thyme", "A2", 150, 2.75, "=C4*D4"),
    ("Sage", "B1", 60, 3.95, "=C5*D5"),
]
SALES = [("Week", "Plant", "Sold"), (31, "Lavender", 14), (31, "Thyme", 22), (32, "Sage", 9), (32, "Lavender", 17)]
OLD_PRICES = [("Plant", "Price in 2025"), ("Lavender", 3.2), ("Rosemary", 3.95), ("Thyme", 2.5)]
DRAFTS = [("Idea", "By"), ("Seed swap in May", "Ines"), ("Herb tasting", "Otto"), ("Longer hours", "Ines")]
DELIVERIES = "date,plant,pots\n2026-07-01,Lavender,40\n2026-07-08,Thyme,60\n2026-07-15,Mint,30\n"
MADE = datetime(2026, 7, 20, 9, 0)


def main() -> None:
    """Write both files."""
    book = Workbook()
    book.properties.created = book.properties.modified = MADE
    book.remove(book.worksheets[0])
    for title, rows in (("Stock", STOCK), ("Sales", SALES), ("Old prices", OLD_PRICES), ("Drafts", DRAFTS)):
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save("nursery.xlsx")
    Path("deliveries.csv").write_text(DELIVERIES, "utf-8")


if __name__ == "__main__":
    main()
