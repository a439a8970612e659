"""What a run leaves on disk: lines, journal, lock, manifest, and the graph that it used."""
