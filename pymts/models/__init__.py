"""The models: one family per file, one import line per file."""

from pymts.models.kuramoto import make_kuramoto as make_kuramoto
