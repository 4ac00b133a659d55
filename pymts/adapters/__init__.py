"""Datasets in the formats that machine-learning libraries expect, one library or kind of data per module.

``split`` and ``View`` select the data beforehand and need no library.
"""

from pymts.adapters.holdout import split as split
from pymts.adapters.holdout import train_test_split as train_test_split
from pymts.adapters.view import View as View
