"""What an assistant makes of kept samples, live: `toolweave eval`."""
