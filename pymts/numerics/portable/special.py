"""Quantiles, and the normal distribution function.

The normal quantile is M. J. Wichura's AS241 (1988), the distribution function is made of fdlibm's rational functions
for erfc.
"""

from __future__ import annotations

import numpy as np

from pymts.numerics.portable.bits import square_root
from pymts.numerics.portable.compiled import inlined, kernel
from pymts.numerics.portable.double import product, total
from pymts.numerics.portable.exponential import exp_with
from pymts.numerics.portable.logarithm import log
from pymts.numerics.portable.sine import sincos_near

_NOTHING = np.uint64(0)
_PI = 3.141592653589793
_ROOT_HALF = float.fromhex("0x1.6a09e667f3bcdp-1")


@inlined
def _ratio(r: float, a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Return the ratio of two polynomials of one degree, highest power first."""
    above, below = a[0], b[0]
    for i in range(1, len(a)):
        above, below = above * r + a[i], below * r + b[i]
    return above / below


_A = (
    *(2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4),
    *(1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0),
)
_B = (
    *(5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4),
    *(5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)
_C = (
    *(7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0),
    *(3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0),
)
_D = (
    *(1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1),
    *(6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0),
)
_E = (
    *(2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2),
    *(2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0),
)
_F = (
    *(2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4),
    *(1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0),
)


@kernel
def normal_quantile(p: float) -> float:
    """Return the standard normal quantile of p; the relative error is below 1e-15. NaN outside [0, 1]."""
    p = np.float64(p)
    q = p - 0.5
    if abs(q) <= 0.425:
        return q * _ratio(0.180625 - q * q, _A, _B)
    r = square_root(-log(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        x = _ratio(r - 1.6, _C, _D)
    elif r < np.inf:
        x = _ratio(r - 5.0, _E, _F)
    else:
        x = r
    return -x if q < 0.0 else x


_NEAR_ZERO = (
    *(0.0, -2.37630166566501626084e-05, -5.77027029648944159157e-03, -2.84817495755985104766e-02),
    *(-3.25042107247001499370e-01, 1.28379167095512558561e-01),
)
_NEAR_ZERO_BELOW = (
    *(-3.96022827877536812320e-06, 1.32494738004321644526e-04, 5.08130628187576562776e-03),
    *(6.50222499887672944485e-02, 3.97917223959155352819e-01, 1.0),
)
_ERF_OF_ONE = 8.45062911510467529297e-01
_NEAR_ONE = (
    *(-2.16637559486879084300e-03, 3.54783043256182359371e-02, -1.10894694282396677476e-01),
    *(3.18346619901161753674e-01, -3.72207876035701323847e-01, 4.14856118683748331666e-01),
    -2.36211856075265944077e-03,
)
_NEAR_ONE_BELOW = (
    *(1.19844998467991074170e-02, 1.36370839120290507362e-02, 1.26171219808761642112e-01),
    *(7.18286544141962662868e-02, 5.40397917702171048937e-01, 1.06420880400844228286e-01, 1.0),
)
_MIDDLE = (
    *(0.0, -9.81432934416914548592e00, -8.12874355063065934246e01, -1.84605092906711035994e02),
    *(-1.62396669462573470355e02, -6.23753324503260060396e01, -1.05586262253232909814e01),
    *(-6.93858572707181764372e-01, -9.86494403484714822705e-03),
)
_MIDDLE_BELOW = (
    *(-6.04244152148580987438e-02, 6.57024977031928170135e00, 1.08635005541779435134e02),
    *(4.29008140027567833386e02, 6.45387271733267880336e02, 4.34565877475229228821e02),
    *(1.37657754143519042600e02, 1.96512716674392571292e01, 1.0),
)
_OUTER = (
    *(0.0, -4.83519191608651397019e02, -1.02509513161107724954e03, -6.37566443368389627722e02),
    *(-1.60636384855821916062e02, -1.77579549177547519889e01, -7.99283237680523006574e-01),
    -9.86494292470009928597e-03,
)
_OUTER_BELOW = (
    *(-2.24409524465858183362e01, 4.74528541206955367215e02, 2.55305040643316442583e03),
    *(3.19985821950859553908e03, 1.53672958608443695994e03, 3.25792512996573918826e02),
    *(3.03380607434824582924e01, 1.0),
)


@kernel
def _upper_tail(x: float) -> float:
    """Return the probability of a number above x >= 0: erfc(t) / 2 for t = x / sqrt(2)."""
    t = x * _ROOT_HALF
    if t < 0.84375:
        return 0.5 - 0.5 * (t + t * _ratio(t * t, _NEAR_ZERO, _NEAR_ZERO_BELOW))
    if t < 1.25:
        return 0.5 * ((1.0 - _ERF_OF_ONE) - _ratio(t - 1.0, _NEAR_ONE, _NEAR_ONE_BELOW))
    if t > 28.0:
        return 0.0
    s = 1.0 / (t * t)
    r = _ratio(s, _MIDDLE, _MIDDLE_BELOW) if t < 1.0 / 0.35 else _ratio(s, _OUTER, _OUTER_BELOW)
    square, lost = product(-0.5 * x, x)
    exponent, error = total(square, r - 0.5625)
    return exp_with(exponent, error + lost, _NOTHING) * 0.5 / t


@kernel
def normal_cdf(x: float) -> float:
    """Return the probability of a standard normal number up to x; the relative error is below 1e-15."""
    x = np.float64(x)
    if x != x:  # noqa: PLR0124  (NaN)
        return x
    return _upper_tail(-x) if x < 0.0 else 1.0 - _upper_tail(x)


@inlined
def laplace_quantile(p: float) -> float:
    """Return the quantile of the density exp(-|x|) / 2; the relative error is below 4e-16."""
    p = np.float64(p)
    return log(2.0 * p) if p < 0.5 else -log(2.0 * (1.0 - p))


@inlined
def cauchy_quantile(p: float) -> float:
    """Return tan(pi (p - 1/2)); the relative error is below 1e-15. NaN outside [0, 1]."""
    p = np.float64(p)
    q = p - 0.5
    middle = abs(q) <= 0.25
    rest = p if q < 0.0 else 1.0 - p
    s, c = sincos_near(_PI * (q if middle else rest))
    y = (s if middle else c) / (c if middle else s)
    y = -y if q < 0.0 and not middle else y
    return y if rest >= 0.0 else np.nan
