"""A second model edits the words of kept samples, never their calls; every gate has to pass them again."""
