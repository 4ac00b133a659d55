"""The main entry points: ``make_*`` for one configuration, ``load_grid`` for many, ``list_models`` for all models."""

from __future__ import annotations

from pymts import accessor as accessor  # registers ds.pymts
from pymts.models import (
    ar,
    brownian,
    cml,
    colored_noise,
    factor,
    garch,
    gp,
    kuramoto,
    lorenz,
    lorenz96,
    mackey_glass,
    ms_var,
    narma,
    noise,
    noise_laws,
    ornstein_uhlenbeck,
    piecewise,
    rossler,
    scm,
    seasonal,
    stuart_landau,
    var,
    varma,
    vecm,
    wilson_cowan,
)
from pymts.models.registry import MODELS
from pymts.run.collection import load_grid as load_grid
from pymts.run.make import make as make

make_abm = make(brownian.abm)
make_ar = make(ar.ar)
make_brownian = make(brownian.brownian)
make_cml = make(cml.cml)
make_colored_noise = make(colored_noise.colored_noise)
make_factor = make(factor.factor)
make_garch = make(garch.garch)
make_gbm = make(brownian.gbm)
make_gp = make(gp.gp)
make_kuramoto = make(kuramoto.kuramoto)
make_lorenz = make(lorenz.lorenz)
make_lorenz96 = make(lorenz96.lorenz96)
make_mackey_glass = make(mackey_glass.mackey_glass)
make_ms_var = make(ms_var.ms_var)
make_narma = make(narma.narma)
make_noise = make(noise_laws.noise)
make_noise_cauchy = make(noise.noise_cauchy)
make_noise_gaussian = make(noise.noise_gaussian)
make_ou = make(ornstein_uhlenbeck.ou)
make_piecewise = make(piecewise.piecewise)
make_rossler = make(rossler.rossler)
make_scm = make(scm.scm)
make_seasonal = make(seasonal.seasonal)
make_stuart_landau = make(stuart_landau.stuart_landau)
make_var = make(var.var)
make_varma = make(varma.varma)
make_vecm = make(vecm.vecm)
make_wilson_cowan = make(wilson_cowan.wilson_cowan)


def list_models(tag: str | None = None) -> list[str]:
    """Return the names of the models, optionally only those with a tag."""
    return sorted(name for name, model in MODELS.items() if tag is None or tag in model.tags)


def __dir__() -> list[str]:
    """List the public names, without the helpers that this module imports."""
    return ["list_models", "load_grid", "make", *(name for name in globals() if name.startswith("make_"))]
