"""How examples are drawn: the same ones in every quick run, new ones where ``--hypothesis-profile=random`` asks."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("quick", derandomize=True, database=None)
settings.register_profile("random", derandomize=False, print_blob=True)
settings.load_profile("quick")
