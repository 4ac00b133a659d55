"""Datasets in the shapes that machine-learning libraries take; each module says what it gives."""
