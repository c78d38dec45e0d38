"""The learned video codec and its file."""
