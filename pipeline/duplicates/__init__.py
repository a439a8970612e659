"""Near-duplicates: samples that ask for the same things by the same calls. One of the twins stays."""

from toolweave.pipeline.duplicates.report import Candidate, Pair, Weeder, candidate
from toolweave.pipeline.duplicates.signature import Signature, signature
from toolweave.pipeline.duplicates.twins import Twin, Twins

__all__ = ["Candidate", "Pair", "Signature", "Twin", "Twins", "Weeder", "candidate", "signature"]
