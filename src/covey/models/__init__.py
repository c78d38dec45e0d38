"""Trained scorers, one a file; they run on numpy alone."""
