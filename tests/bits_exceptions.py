"""What is not yet the same on every machine: model -> why, and which of its variables. To be emptied.

``tests/registry/test_bits_of_machines.py`` fails for what differs and is not here, and for what is here and no longer
differs. ``python -m benchmarks.bits --models NAME`` shows where.
"""

from __future__ import annotations

EXCEPTIONS: dict[str, tuple[str, str]] = {}
