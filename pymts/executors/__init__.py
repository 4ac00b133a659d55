"""A grid on many workers: any ``concurrent.futures.Executor``, from threads to a Dask cluster."""

from pymts.executors.pools import ExecutorLike, cluster, processes
from pymts.executors.report import Report, generate
from pymts.executors.worker import Result

__all__ = ["ExecutorLike", "Report", "Result", "cluster", "generate", "processes"]
