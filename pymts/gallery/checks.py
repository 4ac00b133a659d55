"""Theory and measurement, one line per model: ``python -m pymts.gallery.checks``. The tests check more."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from pymts.data.block import Block
from pymts.plan.configuration import Configuration
from pymts.run.simulate import simulate

Line = tuple[str, float, float, float]  # check, theory, measured, standard error


def made(name: str, **params: object) -> Block:
    result = simulate([Configuration.of(name, {"seed": 1, **params})])[0]
    if not isinstance(result, Block):
        raise result
    return result


def variance(label: str, sample: np.ndarray, theory: float) -> Line:
    """Compare a variance of independent centred values with its theory; the error is from the fourth moment."""
    squares = sample * sample
    return label, theory, float(squares.mean()), float(squares.std() / math.sqrt(squares.size))


def kuramoto() -> Line:
    n, coupling = 2000, 4.0
    omega = np.tan(np.pi * ((np.arange(n) + 0.5) / n - 0.5))
    r = made("kuramoto", M=n, K=coupling, omega=omega, T=400, burn_in=600).truth["order_parameter"].values[:, 0]
    return (
        "order parameter at K=4, Lorentz: sqrt(1 - 2/K)",
        math.sqrt(1 - 2 / coupling),
        r.mean(),
        r.std() / math.sqrt(20),
    )


def cml() -> Line:
    x = made("cml", local_map="quadratic", a=2.0, eps=0.0, M=100, T=1, n_realizations=400).values[:, 0].ravel()
    return variance("variance of 1 - 2 x^2, uncoupled: 1/2", x, 0.5)


def ar() -> Line:
    x = made("ar", phi=[0.8], M=5, T=1, n_realizations=8000).values[:, 0].ravel()
    return variance("variance at the first sample, phi=0.8: 1/(1 - phi^2)", x, 1 / (1 - 0.64))


def var() -> Line:
    block = made("var", T=2, n_realizations=20_000, M=4, density=0.8)
    theory = float(block.truth["theory_acov"].values[1, 1, 0])
    product = block.values[:, 1, 1] * block.values[:, 0, 0]
    label = "Cov(x1[t+1], x0[t]) of a drawn VAR(2): discrete Lyapunov"
    return label, theory, float(product.mean()), float(product.std() / math.sqrt(product.size))


def ou() -> Line:
    theta = [[1.0, 0.5], [0.0, 2.0]]
    block = made("ou", Theta=theta, dt=0.5, T=2, n_realizations=20_000)
    theory = float(block.truth["theory_acov"].values[1, 0, 1])
    product = block.values[:, 1, 0] * block.values[:, 0, 1]
    label = "Cov(x0[t+.5], x1[t]), matrix Theta: continuous Lyapunov"
    return label, theory, float(product.mean()), float(product.std() / math.sqrt(product.size))


def brownian() -> Line:
    x = made("brownian", M=5, dt=1.0, T=10, n_realizations=8000).values
    product = (x[:, 3] * x[:, 9]).ravel()
    error = float(product.std() / math.sqrt(product.size))
    return "Cov(x[3], x[9]): min(s, t)", 3.0, float(product.mean()), error


def abm() -> Line:
    x = made("abm", M=5, mu=0.5, sigma=2.0, dt=1.0, T=11, n_realizations=8000).values[:, 10].ravel()
    return "mean at t=10: x0 + mu t", 105.0, float(x.mean()), float(x.std() / math.sqrt(x.size))


def gbm() -> Line:
    x = made("gbm", M=5, mu=0.1, sigma=0.3, dt=1.0, T=6, n_realizations=20_000).values[:, 5].ravel()
    return "mean at t=5: S0 exp(mu t)", math.exp(0.5), float(x.mean()), float(x.std() / math.sqrt(x.size))


def noise_gaussian() -> Line:
    x = made("noise_gaussian", Sigma=[[2.0, -0.8], [-0.8, 1.0]], T=1000, n_realizations=100).values
    product = (x[..., 0] * x[..., 1]).ravel()
    error = float(product.std() / math.sqrt(product.size))
    return "covariance given", -0.8, float(product.mean()), error


def noise_cauchy() -> Line:
    x = made("noise_cauchy", gamma=2.0, T=1000, n_realizations=100).values.ravel()
    density = 1 / (math.pi * 2 * 2)  # at the quartile, of scale 2
    return "upper quartile: gamma", 2.0, float(np.quantile(x, 0.75)), math.sqrt(0.1875 / x.size) / density


def balance(label: str, residual: np.ndarray) -> Line:
    """Compare a time average that vanishes with 0; the error is over the realizations, the first axis."""
    means = residual.reshape(len(residual), -1).mean(axis=1)
    return label, 0.0, float(means.mean()), float(means.std(ddof=1) / math.sqrt(len(means)))


def lorenz() -> Line:
    values = made("lorenz", M=3, observable="all", K=0.0, T=4000, burn_in=3000, n_realizations=200).values
    x, y, z = np.moveaxis(values, -1, 0)
    return balance("<x y> - beta <z>", x * y - 8 / 3 * z)


def rossler() -> Line:
    values = made("rossler", M=3, observable="all", K=0.0, T=2000, burn_in=6000, n_realizations=200).values
    x, _, z = np.moveaxis(values, -1, 0)
    return balance("<x z> - c <z> + b", x * z - 5.7 * z + 0.2)


def lorenz96() -> Line:
    x = made("lorenz96", T=1000, n_realizations=100).values
    return balance("<x^2> - F <x>", x * x - 8.0 * x)


def mackey_glass() -> Line:
    x = made("mackey_glass", T=2000, burn_in=10_000, n_realizations=100).values  # a sample a second
    late, now = x[:, :-17], x[:, 17:]
    return balance("gamma <x> - beta <x_tau / (1 + x_tau^n)>", 0.1 * now - 0.2 * late / (1 + late**10))


def stuart_landau() -> Line:
    values = made(
        "stuart_landau", M=10, observable="all", K=0.0, noise_std=0.5, dt=0.01, T=1, n_realizations=4000
    ).values
    square = (values[..., :5] ** 2 + values[..., 5:] ** 2).ravel()
    r = np.linspace(0, 5, 20_001)
    density = r * np.exp((r * r - r**4 / 2) / 0.25)
    label = "mean of |z|^2 under noise, uncoupled: its stationary density"
    theory = float((r * r * density).sum() / density.sum())
    return label, theory, float(square.mean()), float(square.std() / math.sqrt(square.size))


def wilson_cowan() -> Line:
    drive, noise, tau = 3.0, 0.02, 0.008
    rest = {"M": 2, "observable": "all", "K": 0.0, "drive": (drive,)}
    e, i = made("wilson_cowan", T=1, burn_in=4000, **rest).values[0, 0]
    of_e, of_i = (1 / (1 + math.exp(-u)) for u in (1.3 * (16 * e - 12 * i + drive - 4), 2 * (15 * e - 3 * i - 3.7)))
    slope_e, slope_i = (1 - e) * 1.3 * of_e * (1 - of_e), (1 - i) * 2 * of_i * (1 - of_i)
    jacobian = np.array([[-1 - of_e + 16 * slope_e, -12 * slope_e], [15 * slope_i, -1 - of_i - 3 * slope_i]]) / tau
    eye = np.eye(2)
    spread = np.linalg.solve(np.kron(jacobian, eye) + np.kron(eye, jacobian), -(noise**2) * eye.ravel())[0]
    x = made("wilson_cowan", T=1, burn_in=1500, noise_std=noise, dt=2e-4, n_realizations=8000, **rest).values[:, 0, 0]
    return variance("variance of E about a stable fixed point, weak noise: its Jacobian", x - e, float(spread))


def path_mean(label: str, paths: np.ndarray, theory: float) -> Line:
    """Compare the mean over independent paths (one value each) with its theory."""
    return label, theory, float(paths.mean()), float(paths.std(ddof=1) / math.sqrt(paths.size))


def garch() -> Line:
    x = made("garch", M=3, correlation=0.0, dynamics="constant", T=2000, n_realizations=600).values
    kurtosis = 3 * (1 - 0.95**2) / (1 - 0.95**2 - 2 * 0.1**2)
    label = "fourth moment: 3 (1 - (a + b)^2) / (1 - (a + b)^2 - 2 a^2) var^2"
    return path_mean(label, (x**4).mean(axis=1).ravel(), kurtosis)


def narma() -> Line:
    x = made("narma", n=5, alpha=0.6, beta=0.0, T=400, M=10, n_realizations=100).values
    theory = (1.5 * 0.5**2 / 4 + 0.1) / (1 - 0.6)
    return path_mean("mean with beta=0: (gamma u_max^2 / 4 + delta) / (1 - alpha)", x.mean(axis=1).ravel(), theory)


def ms_var() -> Line:
    block = made("ms_var", M=3, stay=0.8, T=1, n_realizations=20_000)
    centred = block.values[:, 0, 0] - block.truth["theory_mean"].values[0, 0]
    return variance("variance of a drawn chain: mixture moments", centred, block.truth["theory_cov"].values[0, 0])


def piecewise() -> Line:
    block = made("piecewise", change="coupling", T=11, change_points=[10], n_realizations=20_000, density=0.8)
    first = block.truth["regime"].values[10] == 0  # the first step of a segment
    sample = (block.values[:, 10] - block.truth["local_mean"].values[10].T)[first, 0]
    label = "variance at the first step of a coupled segment: discrete Lyapunov"
    return variance(label, sample, block.truth["regime_cov"].values[0, 0, 0])


def seasonal() -> Line:
    still = {"amplitude": 0.0, "slope": 0.0, "beta": 0.0, "gamma": 0.0}
    x = made("seasonal", **still, alpha=0.3, sigma=2.0, T=1000, M=10, n_realizations=40).values
    change = np.diff(x, axis=1)
    products = (change[:, 1:] * change[:, :-1]).mean(axis=1).ravel()
    return path_mean("lag-1 covariance of the difference of ETS(A,N,N): -(1 - alpha) sigma^2", products, -2.8)


def gp() -> Line:
    block = made("gp", kernel="matern32", length_scale=10.0, n_kernels=1, W=[[1.0], [0.8]], T=20, n_realizations=20_000)
    r = math.sqrt(3) * 12 / 10
    theory = 0.8 * (1 + r) * math.exp(-r)
    product = block.values[:, 15, 0] * block.values[:, 3, 1]
    return path_mean("Cov(x0[t+12], x1[t]), matern32: B k(12)", product, theory)


def noise() -> Line:
    block = made("noise", law="laplace", M=2, correlation=0.7, T=20_000)
    ranks = block.values[0].argsort(axis=0).argsort(axis=0) / 20_000
    products = 12 * (ranks[:, 0] - 0.5) * (ranks[:, 1] - 0.5)
    return path_mean(
        "rank correlation at copula correlation .7: (6 / pi) asin(.35)", products, 6 / math.pi * math.asin(0.35)
    )


def colored_noise() -> Line:
    x = made("colored_noise", beta=[1.0, 2.0], f_min=0.05, T=6, n_realizations=20_000).values
    f = (np.arange(100_000) + 0.5) / 200_000
    root = np.sqrt([(f * f + 0.05**2) ** (-0.5 * beta) for beta in (1.0, 2.0)])
    root /= np.sqrt((root**2).mean(axis=1))[:, None]
    theory = 0.3 * float((root[0] * root[1] * np.cos(2 * np.pi * f * 5)).mean())
    label = "Cov(x0[t+5], x1[t]), pink and red: integral of the cross spectrum"
    return path_mean(label, x[:, 5, 0] * x[:, 0, 1], theory)


def factor() -> Line:
    block = made("factor", M=4, T=2, n_realizations=20_000)
    theory = float(block.truth["theory_acov"].values[1, 1, 0])
    product = block.values[:, 1, 1] * block.values[:, 0, 0]
    return path_mean("Cov(x1[t+1], x0[t]): Lambda Phi G Lambda'", product, theory)


def scm() -> Line:
    block = made("scm", M=4, T=2, n_realizations=20_000, contemporaneous=0.6)
    theory = float(block.truth["theory_acov"].values[1].max())
    i, j = np.argwhere(block.truth["theory_acov"].values[1] == theory)[0]
    product = block.values[:, 1, i] * block.values[:, 0, j]
    return path_mean(f"Cov(x{i}[t+1], x{j}[t]), linear: that of the VAR by (I - B0)^-1", product, theory)


def varma() -> Line:
    phi, theta = np.array([[0.5, 0.3], [0.0, 0.5]]), np.array([[0.4, 0.0], [0.6, 0.2]])
    responses = [np.eye(2), phi + theta]  # of x to the noise of this step and of the one before
    while len(responses) < 200:
        responses.append(phi @ responses[-1])
    theory = sum(after @ before.T for before, after in itertools.pairwise(responses))[0, 1]
    block = made("varma", Phi=phi, Theta=theta, T=2, n_realizations=20_000)
    product = block.values[:, 1, 0] * block.values[:, 0, 1]
    return path_mean("Cov(x0[t+1], x1[t]) of a VARMA(1, 1): sum over the shared noise", product, float(theory))


def vecm() -> Line:
    given = {"alpha": [[-0.4], [0.1]], "beta": [[1.0], [-0.5]]}
    steps, xi = 2000, np.array([[0.1, 0.4], [0.2, 0.8]]) / 0.9  # beta_o (alpha_o' beta_o)^-1 alpha_o'
    block = made("vecm", **given, Sigma=[[2.0, 0.6], [0.6, 1.0]], T=2, sample_every=steps, n_realizations=8000)
    theory = (xi @ [[2.0, 0.6], [0.6, 1.0]] @ xi.T)[1, 1]
    gain = (block.values[:, 1, 1] - block.values[:, 0, 1]) / math.sqrt(steps)
    return variance("variance a step in the long run: Xi Sigma Xi'", gain, float(theory))


CHECKS: dict[str, Callable[[], Line]] = {
    check.__name__: check
    for check in (
        kuramoto, cml, ar, var, ou, brownian, abm, gbm, noise_gaussian, noise_cauchy,
        lorenz, rossler, lorenz96, mackey_glass, stuart_landau, wilson_cowan,
        garch, narma, ms_var, piecewise, seasonal, gp, noise, colored_noise, factor, scm, varma, vecm,
    )
}  # fmt: skip

if __name__ == "__main__":
    print("| model | check | theory | measured | standard error | z |\n|---|---|---:|---:|---:|---:|")
    for name, check in CHECKS.items():
        label, theory, measured, error = check()
        print(f"| {name} | {label} | {theory:.5g} | {measured:.5g} | {error:.2g} | {(measured - theory) / error:.2f} |")
