"""Windows of series for PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, SupportsIndex

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from pymts.adapters.origin import Origin
from pymts.adapters.sources import Member, Source, members, whole_number
from pymts.adapters.targets import FUTURE, check_target, target_of
from pymts.adapters.torch.index import WindowIndex, as_indices
from pymts.adapters.torch.rows import MappedRows, MemoryRows, Rows
from pymts.adapters.view import View
from pymts.adapters.windows import Windows, series_numbers, windows
from pymts.data.dataset import DATA
from pymts.data.limits import check_fits
from pymts.errors import InvalidParameterError

Layout = Literal["TC", "CT"]
Item = Tensor | tuple[Tensor, Tensor]

_EACH_SERIES = Windows(context=1, horizon=0, stride=2**62)  # one label for each realization


class WindowDataset(Dataset[Item]):
    """Windows of ``context_length`` samples, each with a target.

    ``dataset[i]`` is one window ``(x, y)``; ``dataset[[3, 1, 2]]``, a slice or a tensor of indices gives a batch in one
    gather. No window spans two realizations. The order is dataset, realization, time.

    Parameters
    ----------
    source : xarray.Dataset, list of xarray.Dataset, DatasetSequence, Store or path
        Datasets may differ in T and in the number of realizations, but not in the number of channels M.
    context_length : int
        Number of samples in x.
    horizon : int
        Number of samples after the context.
    stride : int
        Number of samples from the start of one window to the next.
    target : str
        "future" for the ``horizon`` samples after the context (with horizon 0 an item is x alone); the name of a truth
        variable; the name of a parameter; or "model". A time-dependent truth variable gives its values over the
        horizon, or at the last sample of the context if the horizon is 0. Models, strings and booleans are numbered as
        ``classes``.
    layout : "TC" or "CT"
        Whether time or channel comes first in x and in the future.
    dtype : torch.dtype
        Type of x and of labels that are not integers.
    mapped : bool
        Read windows in place from the files of the store, for a stored source; the series may then be larger than
        memory, and the dataset pickles by name. Otherwise they are read into one tensor.

    Raises
    ------
    InvalidParameterError
        If a series is shorter than a window, the target is unknown, the source is empty or mixes M, or a source to be
        mapped is not stored.
    TooLargeError
        If the series do not fit in memory and are not mapped.

    Examples
    --------
    >>> from pymts.adapters.torch import WindowDataset
    >>> from pymts.datasets import make_var
    >>> windows = WindowDataset(make_var(M=3, T=100, n_realizations=2, seed=1), context_length=8, horizon=2)
    >>> x, y = windows[0]
    >>> len(windows), tuple(x.shape), tuple(y.shape)
    (182, (8, 3), (2, 3))
    """

    def __init__(
        self,
        source: Source | Origin,
        context_length: int | None,
        horizon: int = 0,
        stride: int = 1,
        *,
        target: str = FUTURE,
        layout: Layout = "TC",
        dtype: torch.dtype = torch.float32,
        mapped: bool = False,
    ) -> None:
        if layout not in ("TC", "CT"):
            raise InvalidParameterError(f"layout must be 'TC' or 'CT', got {layout!r}")
        if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
            raise InvalidParameterError(f"dtype must be a floating type of torch, got {dtype!r}")
        origin = _origin(source, must=mapped)
        found = members(source) if origin is None else origin.members()  # type: ignore[arg-type]
        check_target(found, target)
        context = None if context_length is None else whole_number("context_length", context_length, 1)
        cut = windows(found, context, whole_number("horizon", horizon, 0), whole_number("stride", stride, 1))
        self.context_length, self.horizon, self.stride = cut.context, cut.horizon, cut.stride
        self.target, self.layout, self.dtype, self.mapped = target, layout, dtype, mapped
        self.n_channels = found[0].shape[2]
        self.config_ids = [member.name for member in found]
        self.classes: list[str] | None = None
        self._whole = cut.whole
        self._origin = origin if mapped else None
        self._series_numbers = series_numbers(found)
        self._index = WindowIndex([member.shape for member in found], cut.length, cut.stride)
        self._rows = self._series(found, origin)
        self._labels: Tensor | None = None  # one per series
        self._label_rows: Rows | None = None  # one per sample
        if target != FUTURE:
            self._read_labels(found)

    def _series(self, found: Sequence[Member], origin: Origin | None) -> Rows:
        if self.mapped and origin is not None:
            return MappedRows([member.shape for member in found], origin.part, origin.open, self.dtype)
        sizes = [member.shape[0] * member.shape[1] for member in found]
        remedy = "store them and pass mapped=True" if origin is None else "pass mapped=True"
        check_fits("the source", sum(sizes) * self.n_channels * self.dtype.itemsize, remedy)
        rows = torch.empty((sum(sizes), self.n_channels), dtype=self.dtype)
        first = 0
        for size, member in zip(sizes, found, strict=True):
            values = member.dataset[DATA].transpose("realization", "time", "channel").values  # not kept
            rows[first : first + size] = torch.from_numpy(np.array(values, order="C")).view(size, self.n_channels)
            first += size
        return MemoryRows(rows)

    def _read_labels(self, found: Sequence[Member]) -> None:
        if any("time" in member.truth.get(self.target, ()) for member in found):
            parts = [self._over_time(member) for member in found]
            self._label_rows = MemoryRows(torch.cat(parts))
            return
        labels = target_of(found, self.target, _EACH_SERIES)
        self.classes = labels.names if labels.is_class else None
        self._labels = self._label_tensor(labels.values)

    def _over_time(self, member: Member) -> Tensor:
        """Return a time-dependent truth variable as rows, (R T, ...)."""
        whole = Windows(member.shape[1], 0, 1, whole=True)
        values = target_of([member], self.target, whole).values  # (R, T, ...), checked
        return self._label_tensor(values.reshape(-1, *values.shape[2:]))

    def _label_tensor(self, values: Any) -> Tensor:
        array = np.ascontiguousarray(values)
        return torch.from_numpy(array).to(self.dtype if array.dtype.kind == "f" else torch.int64)

    @property
    def groups(self) -> NDArray[np.int64]:
        """Number of the realization of each window over the whole source, as in ``to_xy``, (windows,)."""
        return np.repeat(np.concatenate(self._series_numbers), self._index.windows)

    @property
    def configuration(self) -> NDArray[np.int64]:
        """Index into ``config_ids`` of each window, (windows,), for errors by configuration."""
        each = [len(numbers) for numbers in self._series_numbers]
        return np.repeat(np.repeat(np.arange(len(each)), each), self._index.windows)

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self._index)

    def __getitem__(self, key: Any) -> Item:
        """Return one window for an index, or a batch for a slice, a list or a tensor of indices."""
        if isinstance(key, int | np.integer):
            item = self.batch(as_indices([int(key)], len(self)))
            return (item[0][0], item[1][0]) if isinstance(item, tuple) else item[0]
        return self.batch(as_indices(key, len(self)))

    def __getitems__(self, keys: Sequence[int]) -> list[Item]:
        """Return a list of windows from one gather, for a loader that collates them itself."""
        batch = self[list(keys)]
        return list(zip(*batch, strict=True)) if isinstance(batch, tuple) else list(batch)

    def batch(self, indices: Tensor) -> Item:
        """Return the windows with the given nonnegative indices (n,), stacked."""
        first, series = self._index.locate(indices)
        if self.target == FUTURE and self.horizon:
            both = self._laid_out(self._rows.gather(first, self.context_length + self.horizon))
            axis = 1 if self.layout == "TC" else 2
            return both.narrow(axis, 0, self.context_length), both.narrow(axis, self.context_length, self.horizon)
        x = self._laid_out(self._rows.gather(first, self.context_length))
        if self._labels is not None:
            return x, self._labels.index_select(0, series)
        if self._label_rows is None:
            return x
        if self._whole:
            return x, self._label_rows.gather(first, self.context_length)
        if self.horizon:
            return x, self._label_rows.gather(first + self.context_length, self.horizon)
        return x, self._label_rows.gather(first + self.context_length - 1, 1)[:, 0]

    def _laid_out(self, windows: Tensor) -> Tensor:
        return windows if self.layout == "TC" else windows.transpose(1, 2)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        """Pickle by name if mapped, else by value."""
        if self._origin is None:
            return super().__reduce_ex__(protocol)
        context = None if self._whole else self.context_length
        settings = {"target": self.target, "layout": self.layout, "dtype": self.dtype}
        return _mapped_again, (type(self), self._origin, (context, self.horizon, self.stride), settings)

    def __repr__(self) -> str:
        """Show the number of windows and their shape."""
        what = f"{len(self)} windows of {self.context_length} + {self.horizon} samples, {self.n_channels} channels"
        return f"<{type(self).__name__} of {what}, target {self.target!r}, {len(self.config_ids)} configurations>"


def _origin(source: Source | Origin, *, must: bool) -> Origin | None:
    """Return where a source is stored, or None; raise if it must be stored and is not."""
    if isinstance(source, Origin):
        return source
    if isinstance(source, View):
        return Origin.of([], must=True) if must and source.origin is None else source.as_origin()
    return Origin.of(source, must=must)


def _mapped_again(
    kind: type[WindowDataset], origin: Origin, cut: tuple[Any, ...], settings: dict[str, Any]
) -> WindowDataset:
    found = kind.__new__(kind)
    WindowDataset.__init__(found, origin, *cut, **settings, mapped=True)
    return found
