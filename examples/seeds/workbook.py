"""Seeds three workbooks of one layout and a table `deliveries.csv` in the current folder.

`mcp.json` runs it before its spreadsheet server starts.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from openpyxl import Workbook

BOOKS = {"nursery.xlsx": 0, "glasshouse.xlsx": 10, "allotment.xlsx": -8}
"""Files, and how many more pots than the nursery each has of every plant."""
STOCK = [
    ("Lavender", "A1", 120, 3.5),
    ("Rosemary", "A2", 80, 4.25),
    ("Thyme", "A2", 150, 2.75),
    ("Sage", "B1", 60, 3.95),
]
SALES = [(31, "Lavender", 14), (31, "Thyme", 22), (32, "Sage", 9), (32, "Lavender", 17)]
OLD_PRICES = [("Plant", "Price in 2025"), ("Lavender", 3.2), ("Rosemary", 3.95), ("Thyme", 2.5)]
DRAFTS = [("Idea", "By"), ("Seed swap in May", "Ines"), ("Herb tasting", "Otto"), ("Longer hours", "Ines")]
DELIVERIES = "date,plant,pots\n2026-07-01,Lavender,40\n2026-07-08,Thyme,60\n2026-07-15,Mint,30\n"
MADE = datetime(2026, 7, 20, 9, 0)


def main() -> None:
    """Write all files."""
    for name, more in BOOKS.items():
        _write(name, more)
    Path("deliveries.csv").write_text(DELIVERIES, "utf-8")


def _write(name: str, more: int) -> None:
    book = Workbook()
    book.properties.created = book.properties.modified = MADE
    book.remove(book.worksheets[0])
    stock = [(*row[:2], row[2] + more, row[3], f"=C{line}*D{line}") for line, row in enumerate(STOCK, 2)]
    sheets = {
        "Stock": [("Plant", "Bench", "Pots", "Price", "Value"), *stock],
        "Sales": [("Week", "Plant", "Sold"), *((week, plant, sold + more // 2) for week, plant, sold in SALES)],
        "Old prices": OLD_PRICES,
        "Drafts": DRAFTS,
    }
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(name)


if __name__ == "__main__":
    main()
