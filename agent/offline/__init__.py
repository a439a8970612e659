"""The embedded teacher: rules over the tools' own words, no model, no network, the same words for the same seed."""
