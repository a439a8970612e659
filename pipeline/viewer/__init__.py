"""`toolweave view`: a run directory as a web page on loopback, also while the run goes on."""
