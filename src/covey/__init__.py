"""Covey finds what belongs together in large unlabelled collections of embeddings."""

__version__ = "0.1.0"
