"""The stream from plans to disk: pace, budgets, control from outside, and the job as a library."""
