"""Gates: checks that can reject a sample. A gate that cannot decide rejects."""
