"""Finding what is like a query: search, re-ranking without training, re-identification."""
