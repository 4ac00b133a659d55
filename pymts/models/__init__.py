"""The models: one family per file, one import line per file."""

from pymts.models.cml import make_cml as make_cml
from pymts.models.kuramoto import make_kuramoto as make_kuramoto
