"""Learned compression: one network, thousands of rates, files that decode anywhere."""
