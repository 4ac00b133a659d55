"""A model that can kill the process that simulates it, and other mischief; registered where it is imported."""

from __future__ import annotations

import os
import time

import numpy as np
from pydantic import Field

from pymts.data.truth import Simulated
from pymts.errors import DivergenceError
from pymts.models.registry import model
from pymts.params.base import Params
from pymts.streams import Streams


class PoisonParams(Params):
    """Parameters of the poisoned model."""

    number: int = Field(default=0, description="Which one it is.")
    deadly: bool = Field(default=False, description="Whether its process dies.")
    fails: bool = Field(default=False, description="Whether it fails with an error.")
    pause: float = Field(default=0.0, ge=0, description="How long it takes, s.")


@model(PoisonParams, reference="None.", tags=("noise",))
def make_poison(p: PoisonParams, rng: Streams) -> Simulated:
    """White noise, unless it kills.

    x ~ N(0, 1)

    Observed: x.
    """
    if p.deadly and os.environ.get("PYMTS_DRIVER") != str(os.getpid()):
        os._exit(9)
    if p.fails:
        raise DivergenceError("it was told to fail")
    time.sleep(float(np.max(p.pause)))
    return Simulated(rng.process().normal(p.sampling.n_steps + 1, p.M)[:, :, : p.T])
