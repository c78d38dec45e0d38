"""Groups under review: what people know about them, kept as events, and what follows from it."""
