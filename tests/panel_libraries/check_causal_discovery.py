"""tigramite finds the graph that the truth holds."""

from __future__ import annotations

import numpy as np
from panel_examples import linear

from pymts.adapters.panel import to_tigramite


def test_tigramite_finds_the_graph() -> None:
    from tigramite.independence_tests.parcorr import ParCorr
    from tigramite.pcmci import PCMCI

    frame = to_tigramite(linear())
    assert frame.analysis_mode == "multiple"
    assert frame.var_names == ["x0", "x1", "x2"]
    for r in range(6):
        np.testing.assert_array_equal(frame.values[r], linear().data.isel(realization=r))
    result = PCMCI(dataframe=frame, cond_ind_test=ParCorr(), verbosity=0).run_pcmci(
        tau_max=2, pc_alpha=0.05, alpha_level=1e-5
    )
    graph = result["graph"]  # (source, target, lag)
    found = (graph[:, :, 1] == "-->").T  # (target, source)
    np.testing.assert_array_equal(found, linear().adjacency.values != 0)
    assert not (graph[:, :, 2] == "-->").any()
