"""From configurations to datasets.

``simulate`` runs a batch, ``generator`` serves from the store or simulates, ``make`` turns a model into a function,
``collection`` is a grid's datasets, and ``executors`` spread the work.
"""
