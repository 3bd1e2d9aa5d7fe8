"""The test levels, in the order that fails fastest, and what they found."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from fwlib import crossbuild, hostbuild, lint, rigs, sources, target, venv
from fwlib.paths import BUILD, LOGS, REPO, shown
from fwlib.steps import (
    FwError,
    NotSupported,
    Step,
    build_lock,
    new_log,
    run_logged,
    run_step,
    say,
    tail,
)

TESTS = REPO / "tests"
# Seconds that a level may take: several times what it needs.
LEVEL_LIMIT = 1800.0
# pytest's exit status when it found none.
NO_TESTS = 5
# Levels without a folder of their own in tests/.
NO_FOLDER = ("lint", "compile", "device32", "unstable")


@dataclass
class Result:
    """What one level found."""

    level: str
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    # (test, reason)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0

    def summary(self) -> str:
        return f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"


@dataclass
class Run:
    """What the user asked for, and what has been made ready so far."""

    fix: bool = False
    keyword: str = ""
    # Level target: which rigs, where their boards are, whether Sigfox may transmit.
    rigs: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    transmit_sigfox: bool = False
    hosts: dict[tuple[str, int], hostbuild.Host] = field(default_factory=dict)
    trees: dict[str, sources.Sources] = field(default_factory=dict)

    def sources(self, name: str = "stable") -> sources.Sources:
        if name not in self.trees:
            with build_lock():
                self.trees[name] = sources.get(name)
        return self.trees[name]

    def host(self, name: str = "stable", bits: int = 64) -> hostbuild.Host:
        if (name, bits) not in self.hosts:
            trees = self.sources(name)
            with build_lock():
                self.hosts[name, bits] = hostbuild.build(trees, bits)
        return self.hosts[name, bits]


def run_lint(run: Run) -> list[Result]:
    result = Result("lint")
    log = new_log("test-lint")
    step = Step("test: lint")
    texts = []
    for name, check in lint.checks(run.sources(), run.fix).items():
        step.tick(name)
        finding = check()
        with log.open("a") as out:
            out.write(f"== {name}: {'ok' if finding.ok else 'FAILED'}\n{finding.text}\n")
        if finding.ok:
            result.passed += 1
        else:
            result.failed.append(name)
            texts.append(f"== {name}\n{finding.text}")
    step.end(result.summary())
    if result.failed:
        text = "\n".join(texts).splitlines()
        say("\n".join("    | " + line for line in text[:60]))
        say(f"    all of it: {shown(log)}; `test lint --fix` corrects formatting")
    return [result]


def read_junit(result: Result, report: Path) -> None:
    """Count the cases of a junit report of pytest or ctest."""
    for case in ElementTree.parse(report).iter("testcase"):
        name = "::".join(filter(None, [case.get("classname"), case.get("name")]))
        skipped = case.find("skipped")
        status = case.get("status", "run")
        if case.find("failure") is not None or case.find("error") is not None or status == "fail":
            result.failed.append(name)
        elif skipped is not None or status in ("notrun", "disabled"):
            reason = skipped.get("message") if skipped is not None else ""
            result.skipped.append((name, reason or "not run"))
        else:
            result.passed += 1


def run_reporting(
    level: str,
    argv: list[str | Path],
    report: Path,
    *,
    keyword: str,
    env: Mapping[str, str] | None = None,
) -> Result:
    """Run a test program that leaves a junit report, and count; keyword chose the tests."""
    result = Result(level)
    file_name = f"test-{level.replace(' ', '-')}"
    log = new_log(file_name)
    report.unlink(missing_ok=True)
    step = Step(f"test: {level}")
    start = time.monotonic()
    status = run_logged(argv, log, step=step, cwd=REPO, env=env, limit=LEVEL_LIMIT)
    result.seconds = time.monotonic() - start
    if report.exists():
        read_junit(result, report)
    found = result.passed or result.skipped or result.failed
    if keyword and not found and status in (0, NO_TESTS):
        result.skipped.append((level, f"no test matches -k {keyword}"))
    elif status != 0 and not result.failed:
        result.failed.append(f"{level}: ended with status {status}")
    elif status == 0 and not found:
        result.failed.append(f"{level}: no tests found")
    step.end(result.summary())
    if result.failed:
        say(tail(log))
        say(f"    all of it: {shown(log)}")
    return result


def run_ctest(run: Run, trees: sources.Sources, name: str, into: Path, *options: str) -> Result:
    """Build the unit tests in a directory and run them."""
    file_name = name.replace(" ", "-")
    configure = hostbuild.cmake_configure(trees, into, *options)
    with build_lock():
        run_step(
            f"build: {name} tests",
            f"build-{file_name}",
            [configure, ["ninja", "-C", into]],
            todo="read the log above",
        )
    report = LOGS / f"test-{file_name}.xml"
    argv: list[str | Path] = ["ctest", "--test-dir", into, "--output-on-failure"]
    argv += ["--timeout", "300", "--output-junit", report, "-j2"]
    if run.keyword:
        argv += ["-R", run.keyword]
    return run_reporting(name, argv, report, keyword=run.keyword)


def run_unit(run: Run) -> list[Result]:
    """The C unit tests, plain and under sanitizers."""
    trees = run.sources()
    with build_lock():
        libraries = hostbuild.libraries_dir(trees)
    # Plain, they share the libraries with the firmware. For the sanitizers the
    # compiler's time matters more than the program's.
    sanitized = ("-DUSOCKET_SANITIZE=ON", "-DCMAKE_BUILD_TYPE=Debug")
    return [
        run_ctest(run, trees, "unit", libraries),
        run_ctest(run, trees, "unit sanitized", BUILD / "unit-sanitized", *sanitized),
    ]


def run_32bit(run: Run) -> list[Result]:
    """The C unit tests and the device scripts, with pointers of a board's width."""
    host = run.host(bits=32)
    return [
        run_ctest(run, run.sources(), "unit32", host.libs, *hostbuild.cmake_options(32)),
        run_pytest(run, "device", bits=32),
    ]


def run_pytest(run: Run, level: str, source: str = "stable", bits: int = 64) -> Result:
    host = run.host(source, bits)
    name = level if bits == 64 else f"{level}{bits}"
    name = name if source == "stable" else f"{name} {source}"
    return run_pytest_in(level, name, run.keyword, host.environment())


def run_pytest_in(
    folder: str, name: str, keyword: str, env: Mapping[str, str], *options: str
) -> Result:
    report = LOGS / f"test-{name.replace(' ', '-')}.xml"
    argv: list[str | Path] = [
        venv.python(),
        "-m",
        "pytest",
        TESTS / folder,
        "-p",
        "no:cacheprovider",
    ]
    if folder != "target":
        argv += ["-p", "no:pytest_embedded"]
    argv += ["-v", "--tb=short", f"--junitxml={report}", *options]
    if keyword:
        argv += ["-k", keyword]
    return run_reporting(name, argv, report, keyword=keyword, env=env)


def run_compile(run: Run) -> list[Result]:
    """Every Python-free room for every processor, without a warning."""
    trees = run.sources()
    results = []
    log = new_log("test-compile")
    for processor in crossbuild.TARGETS:
        result = Result(f"compile {processor.name}")
        results.append(result)
        if reason := processor.missing():
            result.skipped.append((processor.name, reason))
            continue
        step = Step(f"test: {result.level}")
        start = time.monotonic()
        for one in crossbuild.compile_all(processor, trees):
            step.tick(one.room)
            if one.text:
                result.failed.append(one.room)
                with log.open("a") as out:
                    out.write(f"== {processor.name}, {one.room}\n{one.text}\n")
            else:
                result.passed += 1
        result.seconds = time.monotonic() - start
        step.end(result.summary())
        if result.failed:
            say(tail(log))
    return results


def rig_environment(run: Run, rig: rigs.Rig) -> dict[str, str]:
    """What pytest must know of a rig, once what it runs is built."""
    if rig.kind == "host":
        return run.host().environment()
    return target.prepare_qemu(rig, run.sources) if rig.kind == "qemu" else {}


def run_target(run: Run) -> list[Result]:
    """Device scripts and the harness on every rig that can be had, one pytest for each."""
    results = []
    for name in run.rigs or target.DEFAULT_RIGS:
        level = f"target {name}"
        rig = rigs.load(name)
        try:
            env = rig_environment(run, rig)
        except NotSupported as reason:
            say(f"test: {level} skipped: {reason}")
            say(f"what to do: {reason.todo}")
            results.append(Result(level, skipped=[(level, str(reason))]))
            continue
        options = target.options(rig, run.ports, run.transmit_sigfox)
        results.append(run_pytest_in("target", level, run.keyword, env, *options))
    return results


def run_tools(run: Run) -> list[Result]:
    """What fw.py does for boards; no firmware is needed."""
    return [run_pytest_in("tools", "tools", run.keyword, run.sources().environment())]


def run_unstable(run: Run) -> list[Result]:
    """The same firmware from Debian's unstable suite."""
    return [
        run_pytest(run, level, "unstable") for level in ("device", "upstream") if has_tests(level)
    ]


def has_tests(level: str) -> bool:
    return any((TESTS / level).glob("*.py")) or (TESTS / level / "CMakeLists.txt").exists()


LEVELS: dict[str, tuple[str, Callable[[Run], list[Result]]]] = {
    "lint": ("layers, formats, types, spelling, compiler warnings", run_lint),
    "tools": ("building for boards and flashing, without a board", run_tools),
    "unit": ("C unit tests, plain and under sanitizers", run_unit),
    "device": ("scripts in the firmware", lambda run: [run_pytest(run, "device")]),
    "compile": ("the Python-free rooms for Cortex-M4, Xtensa and RV32", run_compile),
    "device32": ("C unit tests and scripts in a 32-bit firmware", run_32bit),
    "upstream": ("MicroPython's own tests", lambda run: [run_pytest(run, "upstream")]),
    "target": ("device scripts on other targets; --rig names real boards", run_target),
    "interop": ("against programs of the PC", lambda run: [run_pytest(run, "interop")]),
    "bench": (
        "the benchmarks run; their times decide nothing",
        lambda run: [run_pytest(run, "bench")],
    ),
    "unstable": ("device and upstream with Debian's unstable MicroPython", run_unstable),
}


def available() -> list[str]:
    """Levels that have something to run."""
    return [name for name in LEVELS if name in NO_FOLDER or has_tests(name)]


def run_level(run: Run, level: str) -> list[Result]:
    """A level's results; what kept it from running is a skip or a failure."""
    start = time.monotonic()
    try:
        results = LEVELS[level][1](run)
    except NotSupported as reason:
        say(f"test: {level} skipped: {reason}")
        results = [Result(level, skipped=[(level, str(reason))])]
    except FwError as error:
        say(f"error: {error}")
        if error.todo:
            say(f"what to do: {error.todo}")
        results = [Result(level, failed=[f"{level}: {error}"])]
    results[0].seconds = results[0].seconds or time.monotonic() - start
    return results


def report(results: list[Result]) -> int:
    """Print what ran, what failed, what was skipped and why; the exit status."""
    say("")
    say(f"{'level':20} {'passed':>7} {'failed':>7} {'skipped':>7} {'seconds':>8}")
    for result in results:
        counts = f"{result.passed:7} {len(result.failed):7} {len(result.skipped):7}"
        say(f"{result.level:20} {counts} {result.seconds:8.1f}")
    for result in results:
        for reason, count in Counter(reason for _, reason in result.skipped).items():
            names = [name for name, why in result.skipped if why == reason]
            more = f" and {count - 3} more" if count > 3 else ""
            say(f"skipped ({result.level}): {', '.join(names[:3])}{more}: {reason}")
    for result in results:
        for name in result.failed:
            say(f"FAILED ({result.level}): {name}")
    passed = sum(result.passed for result in results)
    failed = sum(len(result.failed) for result in results)
    skipped = sum(len(result.skipped) for result in results)
    say(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0
