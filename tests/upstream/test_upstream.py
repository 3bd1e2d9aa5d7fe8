# SPDX-License-Identifier: MIT
"""MicroPython's own tests, by MicroPython's own runners, one case for each file.

A file that the runner skips, or that cannot pass here, is named with the reason
in skips.json; one that is named there and passes is an error too. In the groups
that have nothing to do with sockets ("lenient") the runner may skip what this
build does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import pytest
from harness.firmware import firmware_path, micropython_dir
from upstream import runner
from upstream.world import World


@dataclass
class Group:
    """Files of upstream's tests that are run in one way."""

    name: str
    patterns: tuple[str, ...]
    lenient: bool = False
    outcomes: dict[str, runner.Outcome] = field(default_factory=dict)

    def files(self, tests: Path) -> list[str]:
        found: set[str] = set()
        for pattern in self.patterns:
            found.update(str(path.relative_to(tests)) for path in tests.glob(pattern))
        return sorted(found)


# A reason that begins so: the test passes or not by chance or as the machine is
# loaded, and says nothing either way.
UNCERTAIN = ("timing:", "unreliable:")
OURS = tuple(f"extmod/{topic}*.py" for topic in ("socket", "select", "ssl", "tls", "websocket"))
ASYNCIO = ("extmod/asyncio*.py",)
GROUPS = (
    Group("extmod", (*OURS, *ASYNCIO)),
    Group("world", ("net_hosted/*.py", "net_inet/*.py")),
    Group("multi", ("multi_net/*.py",)),
    Group("others", ("extmod/*.py", "thread/*.py", "basics/*.py", "io/*.py"), lenient=True),
)


def all_files() -> Iterator[tuple[Group, str]]:
    tests = micropython_dir() / "tests"
    seen: set[str] = set()
    for group in GROUPS:
        for file in group.files(tests):
            if file not in seen:
                seen.add(file)
                yield group, file


CASES = list(all_files())
SKIPS = runner.skips()


def listed(file: str) -> str | None:
    """The reason in skips.json, if there is one."""
    return next((why for pattern, why in SKIPS.items() if fnmatch(file, pattern)), None)


@pytest.fixture(scope="session")
def selected(request: pytest.FixtureRequest) -> dict[str, list[str]]:
    """The files that this run of pytest asks for, by group."""
    files: dict[str, list[str]] = {group.name: [] for group in GROUPS}
    for item in request.session.items:
        case = getattr(item, "callspec", None)
        if case is not None and "file" in case.params:
            files[case.params["group"].name].append(case.params["file"])
    return files


@pytest.fixture(scope="session")
def instances(tmp_path_factory: pytest.TempPathFactory, hub: int) -> list[Path]:
    """Programs that run the firmware as one of three nodes on a hub."""
    folder = tmp_path_factory.mktemp("instances")
    programs = []
    for node in (1, 2, 3):
        program = folder / f"node{node}"
        setting = f"hub:{hub},ip=10.77.0.{node}/24"
        program.write_text(f'#!/bin/sh\nUSOCKET_NET={setting} exec "{firmware_path()}" "$@"\n')
        program.chmod(0o755)
        programs.append(program)
    return programs


def run_group(
    group: Group, files: list[str], results: Path, request: pytest.FixtureRequest
) -> None:
    """Run a whole group at once: the runner uses both cores."""
    tree, firmware = micropython_dir(), firmware_path()
    if group.name != "world":
        env = {"USOCKET_NET": "loop"}
        group.outcomes = runner.run_tests(tree, firmware, files, results, env)
        return
    request.getfixturevalue("own_network")
    try:
        world = World(results)
    except OSError as e:
        pytest.skip(str(e))
    with world:
        group.outcomes = runner.run_tests(tree, firmware, files, results, world.environment)


@pytest.mark.parametrize(("group", "file"), CASES, ids=[file for _, file in CASES])
def test_upstream(
    group: Group,
    file: str,
    selected: dict[str, list[str]],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> None:
    if group.name == "multi":
        nodes = request.getfixturevalue("instances")
        results = tmp_path_factory.mktemp("multi")
        outcome = runner.run_multitest(micropython_dir(), nodes, file, results)
    else:
        if file not in group.outcomes:
            results = tmp_path_factory.mktemp(group.name)
            run_group(group, selected[group.name], results, request)
        outcome = group.outcomes[file]
    judge(group, file, outcome)


def judge(group: Group, file: str, outcome: runner.Outcome) -> None:
    """Turn the runner's word and our list into pytest's result."""
    why = listed(file)
    if why is not None and why.startswith(UNCERTAIN):
        pytest.skip(why)
    if outcome.word == "pass":
        assert why is None, f"{file} passes: take it out of skips.json ({why})"
    elif why is not None:
        pytest.skip(why)
    elif outcome.word == "skip" and group.lenient:
        pytest.skip("not for this build, says the runner")
    elif outcome.word == "skip":
        pytest.fail(f"{file}: skipped by the runner and not in skips.json\n{outcome.detail}")
    else:
        pytest.fail(f"{file}\n{outcome.detail}")
