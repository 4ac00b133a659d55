"""A notebook shows every picture: as the last expression of a cell, and by plt.show()."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from pymts.plotting import KINDS

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_every_cell_that_draws_shows_one_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.delenv("MPLBACKEND", raising=False)
    cells = [f"ds.pymts.plot.{kind}()" for kind in KINDS]
    cells += ["ds.pymts.plot()", "plot_timeseries(ds)\nplt.show()", "ds.data.isel(realization=0, channel=0).plot()"]
    start = (
        "from matplotlib import pyplot as plt\nfrom pymts import make_kuramoto\n"
        "from pymts.plotting import plot_timeseries\nds = make_kuramoto(M=4, T=200, seed=1, cache=False)"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in [start, *cells]])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    for cell in notebook.cells[1:]:
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        assert len(pictures) == 1, cell.source
        assert len(pictures[0]["data"]["image/png"]) > 5000, "the canvas is not empty"
