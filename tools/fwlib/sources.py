"""MicroPython, lwIP and mbedTLS: from Debian's source packages, or the user's directories."""

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from fwlib.debian import PrivateApt
from fwlib.paths import BUILD, shown
from fwlib.steps import FwError, NotSupported, say

# Debian's name of each suite that `--source` can be.
SUITES = {"stable": "trixie", "unstable": "unstable"}


@dataclass(frozen=True)
class Project:
    """A project to build from, and how to tell a tree of it."""

    package: str
    variable: str
    # Releases that this repository is tested with.
    supported: tuple[str, ...]
    # Files that a usable tree has.
    marks: tuple[str, ...]
    # The file and the expressions that its version is read from.
    version_file: str
    version_patterns: tuple[str, ...]


PROJECTS = (
    Project(
        "micropython",
        "MICROPYTHON_DIR",
        ("1.25", "1.26"),
        ("ports/unix/Makefile", "py/mpconfig.h", "tests/run-tests.py"),
        "py/mpconfig.h",
        (r"define MICROPY_VERSION_MAJOR (\d+)", r"define MICROPY_VERSION_MINOR (\d+)"),
    ),
    Project(
        "lwip",
        "LWIP_DIR",
        ("2.2",),
        ("src/Filelists.cmake", "contrib/ports/unix/port/sys_arch.c"),
        "src/include/lwip/init.h",
        (r"define LWIP_VERSION_MAJOR +(\d+)", r"define LWIP_VERSION_MINOR +(\d+)"),
    ),
    Project(
        "mbedtls",
        "MBEDTLS_DIR",
        ("3.6",),
        ("CMakeLists.txt", "library/ssl_tls.c", "library/error.c"),
        "include/mbedtls/build_info.h",
        (r"define MBEDTLS_VERSION_MAJOR +(\d+)", r"define MBEDTLS_VERSION_MINOR +(\d+)"),
    ),
)


@dataclass(frozen=True)
class Sources:
    """Trees to build from; name is what build/host-NAME is called after."""

    name: str
    dirs: dict[str, Path]
    versions: dict[str, str]

    def environment(self) -> dict[str, str]:
        return {project.variable: str(self.dirs[project.package]) for project in PROJECTS}


def user_tree(project: Project, value: str) -> Path:
    """The directory that the user named, after a look inside."""
    tree = Path(value).expanduser().resolve()
    todo = f"set {project.variable} to a source tree of {project.package}, or unset it"
    if not tree.is_dir():
        raise FwError(f"{project.variable} is '{value}', which is not a directory", todo)
    for mark in project.marks:
        if not (tree / mark).is_file():
            raise FwError(f"{project.variable} is '{value}', which has no {mark}", todo)
    release = tree_release(project, tree)
    if release not in project.supported:
        raise FwError(
            f"{project.variable} is '{value}', {project.package} {release};"
            f" supported: {', '.join(project.supported)}",
            todo,
        )
    return tree


def tree_release(project: Project, tree: Path) -> str:
    text = (tree / project.version_file).read_text()
    numbers = [re.search(pattern, text) for pattern in project.version_patterns]
    return ".".join(number.group(1) if number else "?" for number in numbers)


def is_supported(project: Project, version: str) -> bool:
    return any(version.startswith(release + ".") for release in project.supported)


def get(name: str, *, update: bool = False) -> Sources:
    """The trees of `stable` or `unstable`; directories named by the user come first."""
    dirs: dict[str, Path] = {}
    versions: dict[str, str] = {}
    for project in PROJECTS:
        value = os.environ.get(project.variable)
        if value:
            dirs[project.package] = user_tree(project, value)
            versions[project.package] = tree_release(project, dirs[project.package])
    if dirs and name != "stable":
        raise NotSupported("MICROPYTHON_DIR, LWIP_DIR or MBEDTLS_DIR is set: only those are used")
    wanted = [project for project in PROJECTS if project.package not in dirs]
    if wanted:
        packaged = from_debian(name, wanted, update)
        dirs |= packaged.dirs
        versions |= packaged.versions
    return Sources("dirs" if len(wanted) < len(PROJECTS) else name, dirs, versions)


def from_debian(name: str, wanted: list[Project], update: bool) -> Sources:
    """Source packages of a suite; what is already unpacked is used as it is."""
    suite = SUITES[name]
    home = BUILD / "src" / name
    record = home / "sources.json"
    have: dict[str, dict[str, str]] = json.loads(record.read_text()) if record.exists() else {}
    have = {package: entry for package, entry in have.items() if (home / entry["dir"]).is_dir()}
    if update or any(project.package not in have for project in wanted):
        apt = PrivateApt(BUILD / "apt" / name, suite)
        apt.update()
        for project in wanted:
            version = apt.version(project.package)
            if not is_supported(project, version):
                raise NotSupported(
                    f"Debian's suite '{suite}' has {project.package} {version}, which is not"
                    f" supported yet (supported: {', '.join(project.supported)})",
                    "use the stable suite, or add the release to tools/fwlib/sources.py and test",
                )
            old = have.get(project.package)
            if old and old["version"] == version:
                continue
            new_entry = fetch(apt, project, version, name)
            have[project.package] = new_entry
            if old and old["dir"] != new_entry["dir"] and not old["dir"].startswith(".."):
                shutil.rmtree(home / old["dir"])
            new = record.with_suffix(".new")
            new.write_text(json.dumps(have, indent=2) + "\n")
            new.rename(record)
    return Sources(
        name,
        {project.package: (home / have[project.package]["dir"]).resolve() for project in wanted},
        {project.package: have[project.package]["version"] for project in wanted},
    )


def fetch(apt: PrivateApt, project: Project, version: str, name: str) -> dict[str, str]:
    """Unpack one source package; its entry in the record."""
    home = BUILD / "src" / name
    # Unstable is there for its MicroPython, and its archive is often between two
    # states, with packages listed that are gone.
    other = name != "stable" and project.package != "micropython"
    tree = apt.unpack(project.package, home, "taking stable's" if other else "")
    if tree is not None:
        return {"version": version, "dir": tree.name}
    stable = from_debian("stable", [project], False)
    return {
        "version": f"{stable.versions[project.package]} (stable)",
        "dir": os.path.relpath(stable.dirs[project.package], home),
    }


def describe(sources: Sources) -> None:
    for project in PROJECTS:
        package = project.package
        say(f"  {package:12} {sources.versions[package]:24} {shown(sources.dirs[package])}")
