"""Datasets in the shapes that machine-learning libraries take; each module says what it gives.

``split`` and ``View`` choose what goes where before any of them is used, and need no library.
"""

from pymts.adapters.holdout import split as split
from pymts.adapters.holdout import train_test_split as train_test_split
from pymts.adapters.view import View as View
