"""From configurations to datasets.

``simulate`` runs a batch, ``generator`` loads from the store or simulates, ``make`` turns a model into a function,
``collection`` holds a grid's datasets, and ``executors`` distribute the work.
"""
