"""Decontamination: what the dataset shares with benchmark files that the user names.

words         13 words in a row, or the whole of a shorter request            condemns
paraphrase    the same rare content words                                     condemns
tool          a tool of the same name and parameters                          condemns
constants     two or more distinctive values of one benchmark row             condemns
tool_name     a tool of the same name with other parameters                   noted
schema        a tool of another name with the same three or more parameters   noted
constant      one distinctive value                                           noted
"""

from toolweave.pipeline.contamination.report import ContaminationReport, screen_samples
from toolweave.pipeline.contamination.screen import Finding, Screen

__all__ = ["ContaminationReport", "Finding", "Screen", "screen_samples"]
