"""The image codec."""
