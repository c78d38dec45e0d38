"""How good a clustering or a set of edges is, measured against known labels."""
