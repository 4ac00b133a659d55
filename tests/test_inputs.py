"""Matrices from whatever people have: equal to the plain array, in the right direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
import xarray as xr

from pymts.datasets import load_grid, make_kuramoto, make_noise_gaussian, make_ou, make_var
from pymts.errors import InvalidParameterError
from pymts.params.arrays import plain

A = np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 0.5], [1.0, 0.0, 0.0]])  # 1 drives 0 with weight 2


def directed() -> Any:
    graph = nx.DiGraph()
    graph.add_nodes_from("abc")
    graph.add_weighted_edges_from([("b", "a", 2.0), ("c", "b", 0.5), ("a", "c", 1.0)])
    return graph


FORMS: dict[str, Callable[[], Any]] = {
    "list": A.tolist,
    "tuple": lambda: tuple(map(tuple, A.tolist())),
    "array": lambda: A,
    "Fortran order": lambda: np.asfortranarray(A),
    "DataFrame": lambda: pd.DataFrame(A, index=list("abc"), columns=list("abc")),
    "DataArray": lambda: xr.DataArray(A, dims=("target", "source")),
    "DataArray turned": lambda: xr.DataArray(A.T, dims=("source", "target")),
    "our own": lambda: make_kuramoto(A=A, T=2, seed=1).adjacency,
    "our own turned": lambda: make_kuramoto(A=A, T=2, seed=1).adjacency.T,
    "csr": lambda: scipy.sparse.csr_array(A),
    "coo matrix": lambda: scipy.sparse.coo_matrix(A),
    "tensor": lambda: torch.from_numpy(A),
    "networkx": directed,
    "networkx, out of a dataset": make_kuramoto(A=A, T=2, seed=1).pymts.to_networkx,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_dataset_of_the_plain_array(form: str) -> None:
    expected = make_kuramoto(A=A, T=20, seed=1)
    made = make_kuramoto(A=FORMS[form](), T=20, seed=1)
    xr.testing.assert_identical(made, expected)
    assert made.sizes["channel"] == 3, "M follows from the matrix"
    (cell,) = load_grid([{"model": "kuramoto", "A": {"value": FORMS[form]()}, "T": 20, "seed": 1}], cache=False)
    xr.testing.assert_identical(cell, expected)
    assert not make_kuramoto(A=A.T, T=20, seed=1).data.equals(expected.data), "the direction matters"


def test_an_undirected_graph_has_both_directions_and_weights_default_to_one() -> None:
    graph = nx.path_graph(3)
    np.testing.assert_array_equal(plain(graph), [[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(make_kuramoto(A=nx.cycle_graph(4), T=2, seed=1).adjacency.sum(), 8)


def test_lagged_coefficients_covariances_and_vectors() -> None:
    ds = make_var(M=3, p=2, T=30, seed=1)
    again = make_var(Phi=ds.coefficients.transpose("source", "lag", "target"), T=30, seed=1)
    np.testing.assert_array_equal(again.coefficients, ds.coefficients)
    cov = ds.noise_cov * 2
    np.testing.assert_array_equal(make_noise_gaussian(Sigma=cov, T=5, seed=1).noise_cov, cov)
    omega = pd.Series([1.0, 2.0, 3.0])
    assert make_kuramoto(M=3, omega=omega, T=2, seed=1).omega.values.tolist() == [1, 2, 3]
    theta = xr.DataArray([0.5, 1.0], dims="anything")
    assert make_ou(M=2, Theta=theta, T=2, seed=1).sizes["channel"] == 2


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (
            xr.DataArray(A, dims=("x", "y")),
            r"A has the dims \('x', 'y'\), which do not identify the target",
        ),
        (xr.DataArray(A, dims=("target", "channel")), "name them target and source"),
        (pd.DataFrame(A).iloc[:2], r"A must have shape \(M, M\)"),
        (pd.DataFrame([["a", "b"], ["c", "d"]]), "A must be a matrix of numbers or None"),
        (object(), "A must be a matrix of numbers or None, got <object"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(value: Any, told: str) -> None:
    with pytest.raises(InvalidParameterError, match=told):
        make_kuramoto(A=value, T=2, seed=1)
    with pytest.raises(InvalidParameterError, match="A "):
        load_grid([{"model": "kuramoto", "A": {"value": value}, "T": 2}])
