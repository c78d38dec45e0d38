"""Data to try, train and measure on: stored sets, scikit-learn's digits, synthetic ones."""
