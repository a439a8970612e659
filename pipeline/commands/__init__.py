"""The commands of `toolweave`, one module each."""
