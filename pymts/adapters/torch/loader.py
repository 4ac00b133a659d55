"""Loaders that fetch a batch with one gather, shuffle reproducibly, and can resume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler, Subset

from pymts.adapters.sources import whole_number
from pymts.adapters.torch.stream import StreamBatches, StreamDataset
from pymts.adapters.torch.windows import WindowDataset
from pymts.errors import InvalidParameterError


class Batches(Sampler[Tensor]):
    """The window numbers of each batch; the order of an epoch depends only on (seed, epoch)."""

    def __init__(
        self,
        total: int,
        batch_size: int,
        *,
        shuffle: bool,
        seed: int,
        drop_last: bool,
        rank: int,
        world_size: int,
        chosen: Tensor | None = None,
    ) -> None:
        self.chosen = chosen
        self.total, self.batch_size, self.shuffle, self.seed = total, batch_size, shuffle, seed
        self.drop_last, self.rank, self.world_size = drop_last, rank, world_size
        self.epoch = self.start = 0

    def __len__(self) -> int:
        """Return the number of batches per epoch."""
        each = self.total // self.world_size  # equal for all ranks
        return each // self.batch_size if self.drop_last else -(-each // self.batch_size)

    def __iter__(self) -> Iterator[Tensor]:
        """Yield the batches of the current epoch."""
        order = torch.arange(self.total)
        if self.shuffle:
            state = int(np.random.SeedSequence(self.seed, spawn_key=(self.epoch,)).generate_state(1, np.uint64)[0])
            order = torch.randperm(self.total, generator=torch.Generator().manual_seed(state & (2**63 - 1)))
        if self.chosen is not None:
            order = self.chosen[order]
        each = self.total // self.world_size
        mine = order[self.rank : each * self.world_size : self.world_size].contiguous()
        for number in range(self.start, len(self)):
            yield mine[number * self.batch_size : (number + 1) * self.batch_size]


class Loader(DataLoader[Any]):
    """A DataLoader with a ``state_dict`` that holds its position: the epoch, and the number of batches delivered."""

    def __init__(self, dataset: Any, position: Batches | StreamBatches, **options: Any) -> None:
        sampler = position if isinstance(position, Batches) else None
        super().__init__(dataset, batch_size=None, sampler=sampler, collate_fn=_as_it_is, **options)
        self.position = position
        # To the parent class a batch is one item; users expect the number of windows.
        object.__setattr__(self, "batch_size", position.batch_size)
        self.delivered = 0

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        """Yield the batches of the current epoch; the next call starts the next epoch."""
        self.delivered = self.position.start
        for batch in super().__iter__():
            self.delivered += 1
            yield batch
        self.set_epoch(self.position.epoch + 1)

    def set_epoch(self, epoch: int) -> None:
        """Start the next iteration at the first batch of an epoch."""
        self.position.epoch = whole_number("epoch", epoch, 0)
        self.position.start = self.delivered = 0

    def state_dict(self) -> dict[str, int]:
        """Return the position of the loader."""
        return {"epoch": self.position.epoch, "batch": self.delivered}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Resume from the position of a loader."""
        self.set_epoch(state["epoch"])
        self.position.start = self.delivered = whole_number("batch", state["batch"], 0)


def _as_it_is(batch: Any) -> Any:
    return batch


def make_dataloader(
    dataset: WindowDataset | StreamDataset | Subset[Any],
    batch_size: int = 32,
    shuffle: bool = False,
    seed: int = 0,
    num_workers: int = 0,
    *,
    drop_last: bool = False,
    rank: int = 0,
    world_size: int = 1,
    **options: Any,
) -> Loader:
    """Return a loader of whole batches.

    Parameters
    ----------
    dataset : WindowDataset, SeriesDataset, torch.utils.data.Subset of one, or StreamDataset
    batch_size : int
    shuffle : bool
        Draw a new order for each epoch from ``seed`` and the epoch number. Ignored for a stream.
    seed : int
    num_workers : int
        Number of worker processes. For windows 0 is nearly always fastest, since a gather is cheaper than sending its
        result; for a StreamDataset, which simulates, workers help.
    drop_last : bool
        Drop the last batch of an epoch if it is incomplete.
    rank, world_size : int
        Split the windows of an epoch evenly among this many processes; a remainder is dropped. A StreamDataset has its
        own setting.
    options
        Further options of ``torch.utils.data.DataLoader``.

    Returns
    -------
    Loader
        Yields ``dataset[indices]``. Use ``state_dict`` and ``load_state_dict`` to stop and resume it.
    """
    size = whole_number("batch_size", batch_size, 1)
    options = {**options, "num_workers": whole_number("num_workers", num_workers, 0)}
    if isinstance(dataset, StreamDataset):
        batches = StreamBatches(dataset, size)
        return Loader(batches, batches, **options)
    chosen = None
    if isinstance(dataset, Subset):
        chosen = torch.as_tensor(list(dataset.indices), dtype=torch.int64)
        dataset = dataset.dataset  # type: ignore[assignment]  # checked in the next line
    if not isinstance(dataset, WindowDataset):
        raise InvalidParameterError(
            "dataset must be a WindowDataset, SeriesDataset, a Subset of one, or a StreamDataset, "
            f"got a {type(dataset).__name__}"
        )
    if whole_number("world_size", world_size, 1) <= whole_number("rank", rank, 0):
        raise InvalidParameterError(f"rank must be below world_size, got rank {rank} of {world_size}")
    share = {"rank": rank, "world_size": world_size}
    seed = whole_number("seed", seed, 0)
    total = len(dataset) if chosen is None else len(chosen)
    order = Batches(total, size, shuffle=shuffle, seed=seed, drop_last=drop_last, chosen=chosen, **share)
    return Loader(dataset, order, **options)
