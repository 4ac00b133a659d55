"""One dataset of the store.

``entry`` writes and reads it, ``publish`` puts it in place, ``inspection`` verifies it, ``housekeeping`` lists, prunes
and removes, and ``streamed`` writes what is larger than memory.
"""
