"""Seeds an SQLite file `observatory.db` in the current folder: telescopes, stars, and who observed what.

`mcp.json` runs it before its database server starts.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

SCHEMA = """
CREATE TABLE telescopes (telescope_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, mirror_cm INTEGER NOT NULL);
CREATE TABLE stars (
    star_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    constellation TEXT NOT NULL,
    magnitude REAL NOT NULL
);
CREATE TABLE observations (
    observation_id INTEGER PRIMARY KEY,
    star_id INTEGER NOT NULL REFERENCES stars(star_id),
    telescope_id INTEGER NOT NULL REFERENCES telescopes(telescope_id),
    night TEXT NOT NULL,
    minutes INTEGER NOT NULL CHECK (minutes > 0)
);
"""
TELESCOPES = [(1, "Heron", 40), (2, "Kestrel", 76), (3, "Merlin", 120)]
STARS = [
    (11, "Vega", "Lyra", 0.03),
    (12, "Altair", "Aquila", 0.76),
    (13, "Deneb", "Cygnus", 1.25),
    (14, "Sadr", "Cygnus", 2.23),
    (15, "Mizar", "Ursa Major", 2.04),
]
OBSERVATIONS = [
    (101, 11, 1, "2026-08-02", 45),
    (102, 13, 2, "2026-08-02", 90),
    (103, 14, 2, "2026-08-05", 60),
    (104, 11, 3, "2026-08-07", 30),
    (105, 15, 1, "2026-08-11", 75),
]


def main() -> None:
    """Create the file; fails when its tables are there already."""
    with closing(sqlite3.connect("observatory.db")) as database, database:
        database.executescript(SCHEMA)
        database.executemany("INSERT INTO telescopes VALUES (?, ?, ?)", TELESCOPES)
        database.executemany("INSERT INTO stars VALUES (?, ?, ?, ?)", STARS)
        database.executemany("INSERT INTO observations VALUES (?, ?, ?, ?, ?)", OBSERVATIONS)


if __name__ == "__main__":
    main()
