"""Many conversations at once: planning, stages, gates, store, export, reports and the command line."""
