"""What people read about a run: coverage, classes of failure, one sample as a page, reference pages."""
