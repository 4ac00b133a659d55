"""A store in a fresh directory, small datasets to put in it, and object storage."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import xarray as xr
from stored import configured, made

from pymts.plan.configuration import Configuration
from pymts.store.cache import Store
from pymts.store.format import parquet


@pytest.fixture
def configuration() -> Configuration:
    return configured()


@pytest.fixture
def dataset(configuration: Configuration) -> xr.Dataset:
    return made(configuration)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def entry(store: Store, configuration: Configuration, dataset: xr.Dataset) -> Path:
    """The directory of a stored dataset."""
    return store.save(configuration, dataset).parent


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row groups of 7 values, so that every realization of the datasets here spans several."""
    monkeypatch.setattr(parquet, "GROUP_VALUES", 7)


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The URL of a bucket on an S3 server that runs here."""
    import fsspec
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        fsspec.filesystem("s3", use_listings_cache=False).mkdir("bucket")
        yield "s3://bucket"
    server.stop()


@pytest.fixture
def url(s3: str) -> str:
    """A place of its own in object storage."""
    return f"{s3}/{uuid.uuid4().hex}"
