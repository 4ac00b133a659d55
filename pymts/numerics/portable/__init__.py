"""Functions and random numbers with the same bits on every processor, system and library version."""
