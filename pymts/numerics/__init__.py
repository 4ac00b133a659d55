"""Numerical methods in plain NumPy; nothing here knows of models, seeds or datasets."""
