"""Datasets for PyTorch: windows and whole series with one gather per batch, and endless streams of new series."""

from __future__ import annotations

from pymts.adapters.libraries import require

require("torch", "pymts.adapters.torch", "install it with pip install 'pymts[torch]'")

from pymts.adapters.torch.loader import Loader as Loader  # noqa: E402  (after the check)
from pymts.adapters.torch.loader import make_dataloader as make_dataloader  # noqa: E402
from pymts.adapters.torch.series import SeriesDataset as SeriesDataset  # noqa: E402
from pymts.adapters.torch.stream import StreamDataset as StreamDataset  # noqa: E402
from pymts.adapters.torch.windows import WindowDataset as WindowDataset  # noqa: E402
