"""The elementary functions in one place. Each says how large its error may be, in units of the last place."""

from __future__ import annotations

from pymts.numerics.portable.exponential import cosh as cosh
from pymts.numerics.portable.exponential import exp as exp
from pymts.numerics.portable.exponential import exp_into as exp_into
from pymts.numerics.portable.exponential import expm1 as expm1
from pymts.numerics.portable.exponential import expm1_into as expm1_into
from pymts.numerics.portable.exponential import sinh as sinh
from pymts.numerics.portable.exponential import tanh as tanh
from pymts.numerics.portable.logarithm import log as log
from pymts.numerics.portable.logarithm import log1p as log1p
from pymts.numerics.portable.logarithm import log_into as log_into
from pymts.numerics.portable.power import integer_power as integer_power
from pymts.numerics.portable.power import pow as pow  # noqa: A004
from pymts.numerics.portable.power import pow_positive as pow_positive
from pymts.numerics.portable.sine import sincos as sincos
from pymts.numerics.portable.sine import sincos_into as sincos_into
from pymts.numerics.portable.sine import sincos_near as sincos_near
