"""Equations as MathML, figures of checks, thumbnails: the small parts that pages are made of."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import xarray as xr

from pymts.gallery import model_page
from pymts.gallery.check_figure import check_figure
from pymts.gallery.equation import clauses, is_equation, mathml
from pymts.gallery.thumbnail import HEIGHT, WIDTH, thumbnail
from pymts.gallery.tokens import NotReadError
from pymts.models.registry import MODELS


def short(text: str) -> str:
    """Return MathML as nested brackets, without rows, spaces and the signs of application."""

    def shown(node: ET.Element) -> str:
        if node.tag == "mspace" or node.text == "\u2061":
            return ""
        inner = (node.text or "") + "".join(map(shown, node))
        return inner if node.tag in {"mrow", "mi", "mn", "mo", "mtext"} else f"{node.tag}[{'|'.join(map(shown, node))}]"

    return shown(ET.fromstring(mathml(text)).find("semantics/mrow"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x^2", "msup[x|2]"),
        ("e^-u", "msup[e|\u2212u]"),
        ("theta_j - theta_i", "msub[\u03b8|j]\u2212msub[\u03b8|i]"),
        ("noise_std x", "noise_stdx"),
        ("x_{i+1}", "msub[x|i+1]"),
        ("d theta_i / dt", "mfrac[dmsub[\u03b8|i]|dt]"),
        ("tau_e dE_i/dt", "msub[\u03c4|e]mfrac[dmsub[E|i]|dt]"),
        ("(K / n_i) sum_j A_ij", "mfrac[K|msub[n|i]]munder[\u2211|j]msub[A|ij]"),
        ("a b / (1 + c) - d", "mfrac[ab|1+c]\u2212d"),
        ("sum_{k=1..p} Phi_k", "munderover[\u2211|k=1|p]msub[\u03a6|k]"),
        ("sqrt(h_i(t)) z", "msqrt[msub[h|i](t)]z"),
        ("|x_i(t - tau)|^n", "msup[|msub[x|i](t\u2212\u03c4)||n]"),
        ("P(s(t+1) = k | s(t) = j)", "P(s(t+1)=k|s(t)=j)"),
        ("u ~ U[0, u_max)", "u\u223cU[0,msub[u|max])"),
        ("L L' = Sigma", "LL\u2032=\u03a3"),
        ("sum_{i != j} B_k,ij f(x_j)", "munder[\u2211|i\u2260j]msub[B|k,ij]f(msub[x|j])"),
        ("slope t + 1", "\u00a0slope\u00a0t+1"),
    ],
)
def test_equations_read_as_they_are_meant(text: str, expected: str) -> None:
    assert short(text) == expected


@pytest.mark.parametrize("text", ["a ) b", "(a", "a ? b", "x^", "|a", "\u222b"])
def test_what_is_no_equation_is_said_so(text: str) -> None:
    with pytest.raises(NotReadError):
        mathml(text)


def test_a_clause_that_cannot_be_read_is_shown_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    assert model_page._equation("a < ?") == "<pre>a &lt; ?</pre>"


def test_equations_are_told_from_prose() -> None:
    assert is_equation("dX = mu dt,   L L' = Sigma")
    assert not is_equation("R(t) = S, or R = 1.")
    assert clauses("x = a,   y = b\nz = f(x,  y)") == ["x = a", "y = b", "z = f(x", "y)"]


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_model_has_an_equation_that_is_read(name: str) -> None:
    html = "".join(model_page.body(MODELS[name]))
    assert "<math" in html
    assert "<pre>" not in html
    for math in re.findall(r"<math.*?</math>", html):
        ET.fromstring(math)
    own, common = model_page.parameters(MODELS[name])
    assert {one.name for one in own} | {one.name for one in common} == set(MODELS[name].params.model_fields)
    assert {"T", "seed", "zscore"} <= {one.name for one in common}


@pytest.mark.parametrize(("measured", "error"), [(1.02, 0.01), (0.7, 0.1), (1.0, 1e-9)])
def test_the_figure_of_a_check_is_to_scale(measured: float, error: float) -> None:
    figure = check_figure(("a mean", 1.0, measured, error))
    z = (measured - 1) / error
    assert figure.z == pytest.approx(z)
    two_errors = (figure.whiskers[1] - figure.whiskers[0]) / 2
    assert figure.at_measured - figure.at_theory == pytest.approx(z * two_errors / 2)
    assert sum(figure.whiskers) / 2 == pytest.approx(figure.at_measured)
    left, right = figure.ticks[0][0], figure.ticks[-1][0]
    assert left < figure.at_theory < right
    assert (right - left) / two_errors == len(figure.ticks) - 1  # a tick every two standard errors
    side = "above" if z > 0 else "below"
    assert side in figure.alt


def test_numbers_are_given_to_two_digits_of_their_error() -> None:
    figure = check_figure(("a mean", 1.23456, 1.2399, 0.0042))
    assert (figure.theory, figure.measured, figure.error) == ("1.2346", "1.2399", "0.0042")
    small = check_figure(("a variance", -9.2311e-06, 9.2929e-06, 1.5e-07))
    assert (small.theory, small.measured) == ("\u22129.23\u00d710\u207b\u2076", "9.29\u00d710\u207b\u2076")


def dataset(values: np.ndarray) -> xr.Dataset:
    return xr.Dataset({"data": (("time", "channel", "realization"), values[:, :, None])})


def points(svg: str) -> list[np.ndarray]:
    return [
        np.array([pair.split() for pair in path[1:].removesuffix("h.01").split("L")], dtype=float)
        for path in re.findall(r'd="([^"]+)"', svg)
    ]


def test_a_thumbnail_shows_the_series() -> None:
    wave = np.sin(np.arange(100) / 10)
    (line,) = points(thumbnail(dataset(wave[:, None])))
    assert len(line) == 100
    assert np.all(np.diff(line[:, 0]) > 0)
    assert np.corrcoef(line[:, 1], wave)[0, 1] < -0.999  # up on the page is a smaller y
    assert line.min() >= 0
    assert line[:, 0].max() <= WIDTH
    assert line[:, 1].max() <= HEIGHT


@pytest.mark.parametrize(
    "values",
    [np.zeros((50, 2)), np.ones((1, 1)), np.full((20, 1), np.nan), np.r_[[[np.inf]], np.zeros((30, 1))]],
)
def test_a_thumbnail_of_odd_values_stays_on_the_page(values: np.ndarray) -> None:
    svg = thumbnail(dataset(values))
    ET.fromstring(svg)
    for line in points(svg):
        assert np.isfinite(line).all()
        assert line.min() >= 0
        assert line[:, 1].max() <= HEIGHT


def test_a_restless_series_is_shown_for_less_long() -> None:
    rng = np.random.default_rng(1)
    noise, smooth = rng.normal(size=(1000, 2)), np.sin(np.arange(1000) / 50)[:, None]
    assert len(points(thumbnail(dataset(noise)))[0]) == 60
    assert len(points(thumbnail(dataset(smooth)))[0]) == 320
