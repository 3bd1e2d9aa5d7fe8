# SPDX-License-Identifier: MIT
"""MicroPython's own runners, from its source tree, on the firmware under test."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent

_LINE = re.compile(r"^(pass|FAIL|skip|lrge)  ?(\S+\.py)")
_MULTI_LINE = re.compile(r"^(\S+\.py) on .*: (pass|FAIL|skip)$", re.MULTILINE)

# Debian leaves MicroPython's unittest out of the package; lib/ stands in.
_LIBRARY = HERE / "lib"

# A test of upstream's wants more descriptors than this to be too many.
_DESCRIPTORS = 1024


@dataclass
class Outcome:
    """What a runner said about one file: pass, FAIL or skip; and why."""

    word: str
    detail: str = ""


def skips() -> dict[str, str]:
    """Tests that may be skipped or fail, each with the reason."""
    listed: dict[str, str] = json.loads((HERE / "skips.json").read_text())
    return listed


def _environment(tree: Path, firmware: Path, extra: dict[str, str]) -> dict[str, str]:
    path = (".frozen", str(tree / "extmod"), str(_LIBRARY))
    return {
        **os.environ,
        "MICROPY_MICROPYTHON": str(firmware),
        "MICROPY_CPYTHON3": sys.executable,
        "MICROPYPATH": os.pathsep.join(path),
        **extra,
    }


def _limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_DESCRIPTORS, hard), hard))


def _run(argv: list[str], tree: Path, env: dict[str, str], timeout: float) -> str:
    done = subprocess.run(
        argv,
        cwd=tree / "tests",
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout,
        preexec_fn=_limit,
        check=False,
    )
    return done.stdout.decode(errors="backslashreplace")


def _difference(results: Path, file: str) -> str:
    """What a failed test printed, beside what it should have."""
    text = []
    for suffix, title in ((".exp", "expected"), (".out", "printed")):
        saved = results / (file.replace("/", "_") + suffix)
        if saved.exists():
            text.append(f"--- {title}:\n{saved.read_text(errors='backslashreplace')[-3000:]}")
    return "\n".join(text)


def _run_part(
    tree: Path, firmware: Path, files: list[str], results: Path, env: dict[str, str]
) -> dict[str, Outcome]:
    results.mkdir()
    argv = [sys.executable, "run-tests.py", "--keep-path", "-r", str(results), "-j", "1", *files]
    output = _run(argv, tree, _environment(tree, firmware, env), timeout=600)
    outcomes = {}
    for line in output.splitlines():
        match = _LINE.match(line)
        if match:
            word, file = match.groups()
            word = "skip" if word == "lrge" else word
            outcomes[file] = Outcome(word, _difference(results, file) if word == "FAIL" else "")
    for file in files:
        if file not in outcomes:
            outcomes[file] = Outcome("FAIL", f"the runner does not name it:\n{output[-2000:]}")
    return outcomes


def run_tests(
    tree: Path, firmware: Path, files: list[str], results: Path, env: dict[str, str]
) -> dict[str, Outcome]:
    """Run tests/run-tests.py on files (relative to tests/); the outcome of each.

    As two runners side by side: the threads of one mix up their lines.
    """
    parts = [part for part in (files[0::2], files[1::2]) if part]
    outcomes = {}
    with ThreadPoolExecutor(len(parts)) as pool:
        jobs = [
            pool.submit(_run_part, tree, firmware, part, results / str(number), env)
            for number, part in enumerate(parts)
        ]
        for job in jobs:
            outcomes.update(job.result())
    return outcomes


def run_multitest(tree: Path, instances: list[Path], file: str, results: Path) -> Outcome:
    """Run tests/run-multitests.py on one file, its instances started by programs."""
    argv = [sys.executable, "run-multitests.py"]
    if (tree / "tests" / "run-multitests.py").read_text().count('"--result-dir"'):
        argv += ["-r", str(results)]
    wanted = len(
        re.findall(r"^def instance\d+\(", (tree / "tests" / file).read_text(), re.MULTILINE)
    )
    for instance in instances[:wanted]:
        argv += ["-i", f"exec:{instance}"]
    output = _run([*argv, file], tree, _environment(tree, instances[0], {}), timeout=120)
    match = _MULTI_LINE.search(output)
    if match is None:
        return Outcome("FAIL", output)
    return Outcome(match.group(2), output)
