"""Moving pictures: frames foreseen from the one before, and what of them is left to code."""
