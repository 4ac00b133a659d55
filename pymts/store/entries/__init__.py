"""One dataset of the store."""
