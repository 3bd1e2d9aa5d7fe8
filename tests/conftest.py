# SPDX-License-Identifier: MIT
"""Fixtures of every pytest level."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))

from harness import netns
from harness.certs import Authority


@pytest.fixture(scope="session")
def own_network() -> bool:
    """From here on the tests are in a network of their own, if that is allowed."""
    return netns.enter()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The certificate authority that the firmware is told to trust."""
    return Authority(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="session")
def hub(own_network: bool) -> Iterator[int]:
    """A hub between firmwares; its port."""
    from harness.hub import Hub

    with Hub() as running:
        yield running.port
