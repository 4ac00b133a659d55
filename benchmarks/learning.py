"""Models trained on a prebuilt grid, beside what knows nothing and what knows the truth.

``python -m benchmarks.learning``.

A linear forecaster of a vector autoregression is to come down from the naive forecasts to the noise, which is the least
that any forecast can leave. A small network is to tell four models apart from one series each.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pymts.adapters.torch import SeriesDataset, WindowDataset, make_dataloader
from pymts.datasets import load_grid

FORECAST: list[dict[str, Any]] = [{"model": "var", "M": 4, "T": 400, "p": 2, "n_realizations": 24, "seed": 11}]
CLASSES: list[dict[str, Any]] = [
    {"model": name, "M": 3, "T": 128, "n_realizations": 60, "zscore": True, "seed": [1, 2]}
    for name in ("ar", "cml", "kuramoto", "noise_gaussian")
]


@dataclass(frozen=True)
class Result:
    """What was measured on series that were not trained on."""

    found: float
    naive: float
    best: float
    seconds: float


def forecaster(root: Path, epochs: int = 6) -> Result:
    """Return mean squared errors one step ahead: of a linear network, of the last value, and of the true equation."""
    began = time.perf_counter()
    torch.manual_seed(0)
    dataset = load_grid(FORECAST, outdir=root)[0]
    train = WindowDataset(dataset.isel(realization=slice(0, 16)), 4, 1)
    test = WindowDataset(dataset.isel(realization=slice(16, None)), 4, 1)
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 4))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for x, y in _epochs(train, epochs):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(network(x), y[:, 0])
        loss.backward()
        optimizer.step()
    x, y = test[:]
    with torch.no_grad():
        error = float(nn.functional.mse_loss(network(x), y[:, 0]))
    coefficients = torch.tensor(dataset.coefficients.values, dtype=torch.float32)  # (lag, target, source)
    true = sum(x[:, -1 - lag] @ phi.T for lag, phi in enumerate(coefficients))
    best = float(nn.functional.mse_loss(true, y[:, 0]))
    return Result(error, float(nn.functional.mse_loss(x[:, -1], y[:, 0])), best, time.perf_counter() - began)


def classifier(root: Path, epochs: int = 12) -> Result:
    """Return the accuracy of a small convolutional network, of the most frequent class, and of perfection."""
    began = time.perf_counter()
    torch.manual_seed(0)
    grid = load_grid(CLASSES, outdir=root)
    train = SeriesDataset([ds.isel(realization=slice(0, 40)) for ds in grid], layout="CT")
    test = SeriesDataset([ds.isel(realization=slice(40, None)) for ds in grid], layout="CT")
    network = nn.Sequential(
        nn.Conv1d(3, 16, 5), nn.ReLU(), nn.Conv1d(16, 16, 5, stride=2), nn.ReLU(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(16, 4),
    )  # fmt: skip
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for x, y in _epochs(train, epochs):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
    x, y = test[:]
    with torch.no_grad():
        accuracy = float((network(x).argmax(1) == y).float().mean())
    most = float(y.bincount().max() / len(y))
    return Result(accuracy, most, 1.0, time.perf_counter() - began)


def _epochs(dataset: WindowDataset, epochs: int) -> Any:
    loader = make_dataloader(dataset, 64, shuffle=True, seed=1)
    for _ in range(epochs):
        yield from loader


def main() -> None:
    """Print what was learned."""
    with tempfile.TemporaryDirectory() as folder:
        found = forecaster(Path(folder))
        print(f"forecast of a VAR(2), mean squared error: {found.found:.3f} ({found.seconds:.1f} s)")
        print(f"  the last value {found.naive:.3f}, the true equation {found.best:.3f}")
        found = classifier(Path(folder))
        print(f"which of four models, accuracy: {found.found:.3f} ({found.seconds:.1f} s)")
        print(f"  the most frequent class {found.naive:.3f}")


if __name__ == "__main__":
    main()
