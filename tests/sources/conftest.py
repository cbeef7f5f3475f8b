"""A host on this machine for each test that asks for one."""

from collections.abc import Iterator

import pytest

from tests.sources.server import Host, serving


@pytest.fixture
def host() -> Iterator[Host]:
    """A local HTTP server whose answers the test writes."""
    with serving() as started:
        yield started
