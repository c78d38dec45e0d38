"""A project on the disk: items, runs, and the journal of its review."""
