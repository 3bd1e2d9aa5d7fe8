# SPDX-License-Identifier: MIT
"""Fixtures of the target level: a rig, its boards, what may go out on the air.

`python3 tools/fw.py test target --rig NAME` runs one pytest for each rig.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fwlib import rigs
from fwlib.rigs import Rig, RigError
from harness.board import Board
from harness.boards import Boards
from pytest_embedded.log import MessageQueue

# Suite -> the file that has it.
FILES = {
    "harness": "test_harness",
    "device": "test_device_scripts",
    "console": "test_console",
    "reset": "test_soft_reset",
    "pair": "test_pair",
    "lorawan": "test_gateway",
    "wifi": "test_network",
    "sigfox": "test_sigfox",
}
# Device scripts on the host firmware, none with a fast clock, by which mpremote would be
# too slow for the mount: these are enough to try the harness, level
# `device` has all.
HOST_SAMPLE = (
    "constants",
    "tcp",
    "timeouts",
    "ssl_connect",
    "lora_socket",
    "lora_compat",
    "options",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("usocket")
    group.addoption("--rig", default="host_pty", help="name of a file in tests/target/rigs")
    group.addoption(
        "--board-port", action="append", default=[], metavar="[BOARD=]PORT", help="a port of it"
    )
    group.addoption(
        "--transmit-sigfox",
        action="store_true",
        help="let a real board send one Sigfox message to the operator's network",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "ignore::pytest.PytestExperimentalApiWarning")
    config.addinivalue_line("markers", "host: the rig is host firmwares on this PC")
    config.addinivalue_line("markers", "qemu: the rig is an image in QEMU")
    config.addinivalue_line("markers", "hil: the rig is real boards")


def rig_of(config: pytest.Config) -> Rig:
    """The rig of the command line."""
    try:
        return rigs.load(config.getoption("rig"))
    except RigError as error:
        raise pytest.UsageError(f"{error}; {error.todo}") from None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the suites of this rig, and mark each test with the rig's kind."""
    rig = rig_of(config)
    wanted = {FILES[suite] for suite in rig.suites}
    kept, dropped = [], []
    for item in items:
        item.add_marker(getattr(pytest.mark, rig.kind))
        script = getattr(item, "callspec", None) and item.callspec.params.get("script")
        keep = item.path.stem in wanted
        if rig.kind == "host" and script is not None:
            keep = keep and script.stem in HOST_SAMPLE
        (kept if keep else dropped).append(item)
    config.hook.pytest_deselected(items=dropped)
    items[:] = kept


@pytest.fixture(scope="session")
def rig(request: pytest.FixtureRequest) -> Rig:
    """What this run is on."""
    return rig_of(request.config)


@pytest.fixture(scope="session")
def ports(request: pytest.FixtureRequest, rig: Rig) -> dict[str, str]:
    """Where each board of a hardware rig is."""
    return rigs.ports(request.config.getoption("board_port"), rig)


@pytest.fixture
def boards(rig: Rig, ports: dict[str, str]) -> Iterator[Boards]:
    """Boards of this test's own."""
    made = Boards(rig, ports)
    yield made
    made.close()


@pytest.fixture(scope="session")
def lasting(rig: Rig, ports: dict[str, str]) -> Iterator[Boards]:
    """The board that lives through all tests, where a start of it is dear."""
    made = Boards(rig, ports)
    yield made
    made.close()


@pytest.fixture
def board(rig: Rig, boards: Boards, lasting: Boards, msg_queue: MessageQueue) -> Board:
    """The rig's first board; host firmwares and the Cortex-M3 start anew for each test."""
    plan = rig.boards[0]
    if rig.kind == "host" or plan.image == "m3":
        return boards.make(plan, msg_queue)
    found = lasting.first() or lasting.make(plan, msg_queue)
    found.queue = msg_queue
    return found


@pytest.fixture(scope="session")
def device_dir() -> Path:
    """The device scripts, the same for every target."""
    return Path(__file__).parents[1] / "device"
