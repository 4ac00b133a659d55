"""What is to be made: configurations, grids, mixtures."""
