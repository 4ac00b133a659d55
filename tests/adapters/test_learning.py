"""Training runs on a prebuilt grid: better than what knows nothing, and no better than the truth allows."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks.learning import classifier, forecaster


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_a_forecaster_comes_down_to_the_noise(tmp_path: Path) -> None:
    result = forecaster(tmp_path)
    assert result.naive > 1.5 * result.best
    assert result.best - 0.01 < result.found < 1.05 * result.best
    assert abs(result.best - 1) < 0.1  # the noise has variance 1, and 8 x 396 x 4 values are averaged


def test_a_classifier_tells_the_models_apart(tmp_path: Path) -> None:
    result = classifier(tmp_path)
    assert result.naive == 0.25
    assert result.found > 0.9
