"""Embeddings and labels in; groups, edges, reports and folders of links out. Writes are atomic."""
