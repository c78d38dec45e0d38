"""Layers that codecs are made of."""
