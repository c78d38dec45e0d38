"""Fitting models to labels. Needs the extra `learn` (torch)."""
