"""Numbers that must not change unless a model's version rises: ``python tests/golden.py`` records them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import annotated_types as at
from support import MODELS, block, small

from pymts.models.registry import Model
from pymts.store.format.sidecar import machine_class

FILE = Path(__file__).with_name("golden.json")


def record(model: Model) -> dict[str, Any]:
    """Return what a small dataset of this model is; few steps, which rounding does not blow up."""
    least = next(bound.ge for bound in model.params.model_fields["M"].metadata if isinstance(bound, at.Ge))
    values = block(small(model, M=max(3, least), T=6, burn_in=0, seed=11)).values
    digest = hashlib.sha256(values.tobytes()).hexdigest()
    return {"version": model.version, "values": values.tolist(), "sha256": digest}


if __name__ == "__main__":
    content = {
        "machine_class": machine_class(),
        "models": {name: record(model) for name, model in sorted(MODELS.items())},
    }
    FILE.write_text(json.dumps(content) + "\n")
