"""The models: one family per file, one import line per file."""

from pymts.models.ar import make_ar as make_ar
from pymts.models.brownian import make_abm as make_abm
from pymts.models.brownian import make_brownian as make_brownian
from pymts.models.brownian import make_gbm as make_gbm
from pymts.models.cml import make_cml as make_cml
from pymts.models.garch import make_garch as make_garch
from pymts.models.gp import make_gp as make_gp
from pymts.models.kuramoto import make_kuramoto as make_kuramoto
from pymts.models.lorenz import make_lorenz as make_lorenz
from pymts.models.lorenz96 import make_lorenz96 as make_lorenz96
from pymts.models.mackey_glass import make_mackey_glass as make_mackey_glass
from pymts.models.ms_var import make_ms_var as make_ms_var
from pymts.models.narma import make_narma as make_narma
from pymts.models.noise import make_noise_cauchy as make_noise_cauchy
from pymts.models.noise import make_noise_gaussian as make_noise_gaussian
from pymts.models.ornstein_uhlenbeck import make_ou as make_ou
from pymts.models.piecewise import make_piecewise as make_piecewise
from pymts.models.rossler import make_rossler as make_rossler
from pymts.models.seasonal import make_seasonal as make_seasonal
from pymts.models.stuart_landau import make_stuart_landau as make_stuart_landau
from pymts.models.var import make_var as make_var
from pymts.models.varma import make_varma as make_varma
from pymts.models.vecm import make_vecm as make_vecm
from pymts.models.wilson_cowan import make_wilson_cowan as make_wilson_cowan
