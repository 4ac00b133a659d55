"""The models: one family in each file. The registry finds them when it is first read."""
