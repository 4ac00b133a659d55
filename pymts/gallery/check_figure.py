"""The figure of a check against theory: the sampling distribution, and the measurement with its error."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pymts.gallery.checks import Line

WIDTH, HEIGHT = 560.0, 210.0
LEFT, RIGHT, TOP, BASE = 44.0, 516.0, 26.0, 128.0
POINT = 152.0  # height at which the measurement is drawn
LEAST_SPAN = 4.0  # standard errors on each side
POINTS = 121


@dataclass(frozen=True)
class CheckFigure:
    """A check in words and numbers, with the coordinates of its drawing (pixels)."""

    label: str
    theory: str
    measured: str
    error: str
    z: float
    alt: str
    curve: str
    band: str
    at_theory: float
    at_measured: float
    whiskers: tuple[float, float]
    ticks: tuple[tuple[float, str], ...]


def check_figure(line: Line) -> CheckFigure:
    """Return the figure of one check: theory, measurement and standard error along one axis."""
    label, theory, measured, error = line
    z = (measured - theory) / error
    span = max(LEAST_SPAN, abs(z) + 2.5)
    digits = max(0, math.ceil(-math.log10(error)) + 1) if error < 1e9 else 0

    def across(deviation: float) -> float:
        return LEFT + (RIGHT - LEFT) * (deviation + span) / (2 * span)

    def outline(reach: float) -> str:
        steps = [-reach + 2 * reach * i / (POINTS - 1) for i in range(POINTS)]
        points = (f"{across(u):.1f} {BASE - (BASE - TOP) * math.exp(-u * u / 2):.1f}" for u in steps)
        return "M" + "L".join(points)

    def number(value: float) -> str:
        return _number(value, digits)

    stops = [u for u in range(-int(span), int(span) + 1) if u % 2 == 0]
    shown = (number(theory), number(measured), _number(error, digits))
    return CheckFigure(
        label=label,
        theory=shown[0],
        measured=shown[1],
        error=shown[2],
        z=z,
        alt=f"{label}. Theory {shown[0]}, measured {shown[1]}, standard error {shown[2]}: "
        f"{abs(z):.1f} standard errors {'above' if z > 0 else 'below'} the theory.",
        curve=outline(span),
        band=f"{outline(2.0)}L{across(2.0):.1f} {BASE:g}L{across(-2.0):.1f} {BASE:g}Z",
        at_theory=across(0.0),
        at_measured=across(z),
        whiskers=(across(z - 2), across(z + 2)),
        ticks=tuple((across(u), number(theory + u * error)) for u in stops),
    )


def _number(value: float, digits: int) -> str:
    """Return a number to two digits of its error, in powers of ten if it would have many zeros."""
    if value and (digits > 6 or abs(value) >= 1e7):
        exponent = math.floor(math.log10(abs(value)))
        return f"{value / 10**exponent:.{max(0, digits + exponent)}f}\u00d710{_raised(exponent)}".replace("-", "\u2212")
    return f"{value:.{digits}f}".replace("-", "\u2212")


def _raised(exponent: int) -> str:
    return str(exponent).translate(
        str.maketrans("0123456789-", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b")
    )
