"""Simulate: configurations in, datasets out, from the store or made now."""
