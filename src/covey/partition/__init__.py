"""Partitions: from edges to clusters. Any of them goes with any way of scoring edges."""
