"""`python -m toolweave.pipeline`: the same as the `toolweave` command."""

from toolweave.pipeline.cli import main

main()
