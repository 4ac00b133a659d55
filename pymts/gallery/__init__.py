"""A static site of the models, and of grids and stores: plain files that need no network to be read."""
