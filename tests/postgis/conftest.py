"""Tests with a real PostgreSQL, PostGIS and pgRouting: ``make test-postgis`` installs them, no other runs these."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from postgis_server import PostgisServer, programs

from tests.postgis.database import Database


@pytest.fixture(scope="session")
def server() -> Iterator[PostgisServer]:
    """A server of this session; it ends with it."""
    if os.environ.get("TEST_POSTGIS", "") in ("", "0"):
        pytest.skip("make test-postgis runs this")
    binaries = programs()
    if binaries is None:
        pytest.skip("PostgreSQL with PostGIS and pgRouting is not installed (make test-postgis does it on Debian)")
    with PostgisServer(binaries) as running:
        yield running


@pytest.fixture(scope="module")
def database(server: PostgisServer, request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database for the tests of a file."""
    made = Database(server, request.module.__name__.rpartition(".")[2])
    yield made
    made.close()


@pytest.fixture(scope="session", autouse=True)
def registered(provider):
    """Register the provider before the first test."""
    return provider
