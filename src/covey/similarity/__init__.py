"""Untrained scorers, one idea a file: neighbour lists in, edges out."""
