"""Seeds presentations with two slides each in the current folder.

`mcp.json` runs it before its presentation server starts, with the Python of that server's environment.
"""

from __future__ import annotations

import re
from datetime import datetime

from pptx import Presentation

TALKS = """
coast.pptx: Coast survey
  Lighthouses of the north coast: A survey in three summers
  What we measured: Height, range and the year of the last keeper
islands.pptx: Island winters
  Who stays when the ferry stops: Four families and a priest
  Stores for ninety days: Flour, lamp oil and letters
ferries.pptx: A century of ferries
  The first steamer: Built in Torsvik in 1898
  Ships and routes: Where they went and how often
wrecks.pptx: Wrecks of Lunde Bay
  Three storms, eleven ships: What divers found
  The Amalie: Timber from Riga, lost with her bell
gulls.pptx: Gull count
  How to count birds in fog: Teams, tallies and tea
  Nests by cliff: Fewer on the east side every year
knots.pptx: Ropes and knots
  Hemp against nylon: Strength, price and smell
  Seven knots for every day: From bowline to sheepshank
fog.pptx: Living with fog
  Bells, guns and horns: Signals before radar
  The week without a boat: June of the long silence
school.pptx: The school on Store
  One room, nine pupils: A day with the youngest
  Lessons by radio: Arithmetic between weather reports
herring.pptx: Silver years
  When herring paid for everything: Catches by season
  Barrels and salt: How the women set the price
lamps.pptx: From oil to light bulbs
  Cleaning the great lens: Vinegar, chalk and patience
  Spare parts: Mantles, wicks and mirrors
pilots.pptx: Pilots at work
  Boarding at night: A ladder, a wave, a leap
  Training ahead: Six years until the first licence
dunes.pptx: Holding the dunes
  Grass against wind: Planting days with volunteers
  Lost paths: Old maps and new sand
oysters.pptx: Oyster beds
  Growing on stakes: From seed to table
  Winter losses: Frost at the lowest tide
harbour.pptx: Plans for the harbour
  A deeper basin: Dredging without a flood
  Room for small boats: Berths, power and showers
rescue.pptx: Sea rescue
  Minutes that count: From alarm to launch
  Crews of the lifeboat: Bakers, teachers and a dentist
mail.pptx: Letters by boat
  The postman's route: Nine islands in two days
  Parcels that never came: A piano, a goat and a bride's dress
storms.pptx: Great storms
  Reading the barometer: Signs that fishermen trust
  Roofs after Knut: Who paid for the slates
seals.pptx: Seals on the skerries
  Pups in autumn: Counting from a kite
  Nets and quarrels: An agreement that holds
salt.pptx: Salt pans
  Sun, wind and clay: How brine turns white
  Tools of the trade: Rakes made of willow
keepers.pptx: Keepers and their logs
  Handwriting of four men: What they left out
  Dogs in the log: Bella swims to the boat
tides.pptx: Reading the tide tables
  Why the moon is late: A model with two oranges
  Walking to Torsvik: The causeway is dry for an hour
museum.pptx: A museum in the boathouse
  What is on show: Compasses, coats and a pulpit
  Evening openings: Volunteers with lanterns
bridges.pptx: No bridge, please
  What islanders voted: A close count in March
  Costs compared: Tunnel, bridge or better boats
kelp.pptx: Kelp and its uses
  Cutting at low water: Sickles on long poles
  Glass, soap and ice cream: What the factory bought
"""
"""File and title of each talk; below it, title and text of its slides."""
MADE = datetime(2026, 6, 1, 9, 0)


def main() -> None:
    """Write the files."""
    for told in re.split(r"\n(?=\S)", TALKS.strip()):
        (name, subject), *slides = (line.strip().split(": ", 1) for line in told.splitlines())
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
