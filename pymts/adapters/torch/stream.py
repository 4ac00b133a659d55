"""An endless stream of new series for PyTorch, each determined by its index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from pymts.adapters.sources import whole_number
from pymts.adapters.targets import MODEL
from pymts.adapters.torch.windows import Item, Layout
from pymts.data.block import Block
from pymts.errors import DivergenceError, InvalidParameterError, nearest
from pymts.plan.configuration import Configuration
from pymts.plan.grid import Grid
from pymts.plan.mixture import Mixture
from pymts.run.collection import DatasetSequence
from pymts.run.simulate import batch_key, batch_size, simulate

# Number of series simulated together, divided among the models of a mixture.
TOGETHER = 512
ATTEMPTS = 20


class StreamDataset(IterableDataset[Item]):
    """An endless stream of new series; series i of an epoch depends only on the mixture, its seed, the epoch and i.

    Workers and ranks split the stream without overlap; the series do not depend on their number.

    Parameters
    ----------
    source : Mixture, Grid, DatasetSequence, str, path, dict or list of dict
        A mixture, a grid (its cells with equal probability and fresh seeds), the path of a YAML file of either, the
        name of a model, or the records of a mixture. All series must have the same T and M, and one realization.
    seed : int or None
        Overrides the mixture's seed.
    target : str or None
        "model", a parameter or a truth variable of every record; ``None`` yields only the series.
    layout : "TC" or "CT"
    dtype : torch.dtype
    rank, world_size : int or None
        The share of the stream for this process; ``None`` asks torch.distributed, if it is in use.

    Notes
    -----
    A draw that diverges is replaced by another attempt with the same index; ``replaced`` counts them.

    Raises
    ------
    InvalidParameterError
        If the source is not a mixture, or one of its models lacks the target.
    """

    def __init__(
        self,
        source: Mixture | Grid | DatasetSequence | str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        seed: int | None = None,
        target: str | None = MODEL,
        layout: Layout = "TC",
        dtype: torch.dtype = torch.float32,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        if layout not in ("TC", "CT"):
            raise InvalidParameterError(f"layout must be 'TC' or 'CT', got {layout!r}")
        self.mixture = _mixture(source, seed)
        self.target, self.layout, self.dtype = target, layout, dtype
        self.classes = self.mixture.models if target == MODEL else None
        self.rank, self.world_size = _share(rank, world_size)
        self.epoch = 0
        self.replaced = 0
        first = self.mixture.draw(0).params
        self.shape = first.T, first.M
        _check(self.mixture, target)

    def __iter__(self) -> Iterator[Item]:
        """Yield the series one by one."""
        worker = get_worker_info()
        step = self.world_size * (worker.num_workers if worker else 1)
        first = self.rank + self.world_size * (worker.id if worker else 0)
        while True:
            items = self.fetch(range(first, first + TOGETHER * step, step))
            yield from zip(*items, strict=True) if isinstance(items, tuple) else items
            first += TOGETHER * step

    def fetch(self, numbers: Sequence[int]) -> Item:
        """Return the series with the given indices, stacked as (n, T, M), and their labels."""
        configurations = [self._checked(self.mixture.draw(number, epoch=self.epoch)) for number in numbers]
        x = torch.empty((len(numbers), *self.shape), dtype=self.dtype)
        labels: list[Any] = [None] * len(numbers)
        waiting = dict(enumerate(configurations))
        for attempt in range(1, ATTEMPTS + 1):
            failed = self._simulate(waiting, x, labels)
            if not failed:
                break
            self.replaced += len(failed)
            waiting = {
                place: self._checked(self.mixture.draw(numbers[place], epoch=self.epoch, attempt=attempt))
                for place in failed
            }
        else:
            raise next(iter(failed.values()))
        series = x if self.layout == "TC" else x.transpose(1, 2)
        return series if self.target is None else (series, self._stacked(labels))

    def _simulate(
        self, configurations: Mapping[int, Configuration], x: Tensor, labels: list[Any]
    ) -> dict[int, DivergenceError]:
        """Fill in the series of some configurations, and return those that diverge."""
        groups: dict[object, list[int]] = {}
        for place, configuration in configurations.items():
            groups.setdefault(batch_key(configuration), []).append(place)
        failed: dict[int, DivergenceError] = {}
        wanted = () if self.target is None else (self.target,)
        for places in groups.values():
            size = batch_size(configurations[places[0]])
            for start in range(0, len(places), size):
                some = places[start : start + size]
                results = simulate([configurations[place] for place in some], truth=wanted)
                for place, result in zip(some, results, strict=True):
                    if isinstance(result, DivergenceError):
                        failed[place] = result
                    else:
                        x[place] = torch.from_numpy(result.values[0])
                        labels[place] = self._label(configurations[place], result)
        return failed

    def _checked(self, configuration: Configuration) -> Configuration:
        params = configuration.params
        if self.shape != (params.T, params.M) or params.n_realizations != 1:
            raise InvalidParameterError(
                f"all series of a stream must have one shape and one realization: {configuration.config_id} has "
                f"T={params.T}, M={params.M}, n_realizations={params.n_realizations}, but the first draw has "
                f"T={self.shape[0]}, M={self.shape[1]}; fix them in every record"
            )
        return configuration

    def _label(self, configuration: Configuration, block: Block) -> Any:
        if self.target is None:
            return None
        if self.target == MODEL:
            return self.mixture.models.index(configuration.model.name)
        if self.target in block.truth:
            truth = block.truth[self.target]
            return np.asarray((truth.isel(realization=0) if "realization" in truth.dims else truth).values)
        value = getattr(configuration.params, self.target)
        if value is None or isinstance(value, str):
            raise InvalidParameterError(
                f"{self.target!r} is {value!r} in {configuration.config_id}, which is not a number"
            )
        return value

    def _stacked(self, labels: Sequence[Any]) -> Tensor:
        try:
            values = np.stack(labels)
        except ValueError:
            raise InvalidParameterError(
                f"target {self.target!r} differs in shape between the models of the mixture; use equal shapes"
            ) from None
        return torch.from_numpy(values).to(self.dtype if values.dtype.kind == "f" else torch.int64)


class StreamBatches(IterableDataset[Item]):
    """The batches of a stream: batch b holds the series b n to (b + 1) n - 1 of this process's share."""

    def __init__(self, stream: StreamDataset, size: int) -> None:
        self.stream, self.batch_size = stream, size
        # Epoch and first batch, in memory shared with workers, so that persistent ones see changes.
        self._place = torch.tensor([stream.epoch, 0])
        self._place.share_memory_()  # type: ignore[no-untyped-call]  # torch declares no type

    @property
    def epoch(self) -> int:
        """The epoch of the next iteration."""
        return int(self._place[0])

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._place[0] = epoch

    @property
    def start(self) -> int:
        """The first batch of the next iteration."""
        return int(self._place[1])

    @start.setter
    def start(self, start: int) -> None:
        self._place[1] = start

    def __iter__(self) -> Iterator[Item]:
        """Yield the batches; a loader takes them from its workers in turn, so their order is that of a single one."""
        self.stream.epoch = self.epoch
        worker = get_worker_info()
        workers, number = (worker.num_workers, self.start + worker.id) if worker else (1, self.start)
        share, size = self.stream.world_size, self.batch_size
        ahead = max(1, TOGETHER // size)
        while True:
            numbers = [
                self.stream.rank + share * i
                for batch in range(number, number + ahead * workers, workers)
                for i in range(batch * size, (batch + 1) * size)
            ]
            items = self.stream.fetch(numbers)
            parts = [slice(start, start + size) for start in range(0, len(numbers), size)]
            yield from ((items[0][part], items[1][part]) if isinstance(items, tuple) else items[part] for part in parts)
            number += ahead * workers


def _mixture(source: Any, seed: int | None) -> Mixture:
    if isinstance(source, Mixture):
        return source if seed is None else Mixture(source.records, seed=seed, defaults=source.defaults)
    found = source.grid if isinstance(source, DatasetSequence) else source
    if isinstance(found, Grid):
        return Mixture.of_grid(found, seed=0 if seed is None else whole_number("seed", seed, 0))
    if isinstance(source, Path) or (isinstance(source, str) and source.endswith((".yaml", ".yml"))):
        return Mixture.read(source, seed=seed)
    records = [{"model": source}] if isinstance(source, str) else source
    records = [records] if isinstance(records, Mapping) else records
    return Mixture(records, seed=0 if seed is None else whole_number("seed", seed, 0))


def _share(rank: int | None, world_size: int | None) -> tuple[int, int]:
    if (rank is None) != (world_size is None):
        raise InvalidParameterError("rank and world_size belong together; give both or neither")
    if rank is None or world_size is None:
        spread = torch.distributed
        in_use = spread.is_available() and spread.is_initialized()
        return (spread.get_rank(), spread.get_world_size()) if in_use else (0, 1)
    if whole_number("world_size", world_size, 1) <= whole_number("rank", rank, 0):
        raise InvalidParameterError(f"rank must be below world_size, got rank {rank} of {world_size}")
    return rank, world_size


def _check(mixture: Mixture, target: str | None) -> None:
    """Raise if one of the models does not have the target."""
    if target is None or target == MODEL:
        return
    for component in mixture.components:
        model = component.model
        known = [*model.truth, *model.params.model_fields]
        if target not in known:
            raise InvalidParameterError(f"{model.name} has no truth or parameter {target!r}{nearest(target, known)}")
