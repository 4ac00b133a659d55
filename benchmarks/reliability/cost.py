"""Cost: what checking takes of a read and of a write, and what waiting for the disk takes of a write."""

from __future__ import annotations

import secrets
from pathlib import Path

import numpy as np
import xarray as xr

from benchmarks.reliability.common import Proof, fresh, proof, scratch
from benchmarks.timing import medians
from pymts.plan.configuration import Configuration
from pymts.store.cache import Durability, Store
from pymts.store.entries.entry import read_entry


def _write(place: Path, durability: Durability, configuration: Configuration, dataset: xr.Dataset) -> None:
    Store(place / secrets.token_hex(6), durability).save(configuration, dataset)


def cost(rounds: int, megabytes: int = 80) -> Proof:
    """Time reads and writes of one large and one small entry beside the digests that they contain."""
    with proof("cost: checks and durability") as found, scratch() as place:
        for label, realizations in (("large", megabytes * 100 // 8), ("small", 1)):
            parameters = {"M": 10, "T": 1000, "n_realizations": realizations, "seed": 1}
            configuration = Configuration.of("noise_gaussian", parameters)
            dataset = fresh(configuration)
            store = Store(place / label)
            path = store.save(configuration, dataset)
            raw = place / f"{label}.npy"
            np.save(raw, dataset["data"].values)
            # Reads and writes apart: what a write leaves the system to do would be counted as the next read.
            times = medians(
                {
                    "read": lambda s=store, c=configuration: s.load(c),
                    "unchecked": lambda p=path.parent: read_entry(p, p.name, verify=False),
                    "np.load": lambda r=raw: np.load(r),
                },
                rounds,
            ) | medians(
                {
                    "write": lambda c=configuration, d=dataset: _write(place, "entry", c, d),
                    "write batch": lambda c=configuration, d=dataset: _write(place, "batch", c, d),
                },
                rounds,
            )
            found.tried += rounds
            found.notes |= {
                f"{label}_read_ms": round(1e3 * times["read"], 2),
                f"{label}_checking_share_of_read": round(1 - times["unchecked"] / times["read"], 3),
                f"{label}_read_over_np.load": round(times["read"] / times["np.load"], 2),
                f"{label}_write_ms": round(1e3 * times["write"], 2),
                f"{label}_waiting_share_of_write": round(1 - times["write batch"] / times["write"], 3),
            }
    return found
