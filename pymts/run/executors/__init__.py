"""Runs a grid on many workers: any ``concurrent.futures.Executor``, from threads to a Dask cluster."""

from pymts.run.executors.pools import ExecutorLike, cluster, processes
from pymts.run.executors.report import Report, generate
from pymts.run.executors.worker import Result

__all__ = ["ExecutorLike", "Report", "Result", "cluster", "generate", "processes"]
