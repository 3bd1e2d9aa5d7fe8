"""Debian packages by name: the machine's tools, and source packages to build from."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from fwlib.paths import REPO
from fwlib.steps import FwError, Step, new_log, run_logged, run_step, say, tail

PACKAGES = REPO / "tools" / "debian-packages.txt"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
APT_MISSING = "set MICROPYTHON_DIR, LWIP_DIR and MBEDTLS_DIR to source trees you have"


def wanted_packages(text: str, architecture: str) -> list[str]:
    """The packages of a list: a name a line, then [the only architectures that have it]."""
    names = []
    for line in text.splitlines():
        name, _, only = line.partition("#")[0].strip().partition(" ")
        if name and (not only or architecture in only.strip(" []").split()):
            names.append(name)
    return names


def architecture() -> str:
    """This machine's, in Debian's words; empty where there is no dpkg."""
    if shutil.which("dpkg") is None:
        return ""
    return subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()


def missing_packages(names: list[str]) -> list[str]:
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names],
        capture_output=True,
        text=True,
        check=False,
    )
    installed = {
        line.split()[0] for line in done.stdout.splitlines() if line.endswith(" installed")
    }
    return [name for name in names if name not in installed]


def install_packages() -> None:
    """Install what is missing, or say how."""
    names = wanted_packages(PACKAGES.read_text(), architecture())
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        say(f"No apt here: these must be present under whatever name: {' '.join(names)}")
        return
    missing = missing_packages(names)
    if not missing:
        return
    line = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
    if os.geteuid() != 0:
        raise FwError(f"Debian packages are missing: {' '.join(missing)}", f"as root, run: {line}")
    run_step(
        f"set-up: {len(missing)} Debian packages",
        "packages",
        [["apt-get", "update"], line.split()],
        env={"DEBIAN_FRONTEND": "noninteractive"},
        todo="check the machine's apt configuration and network, then run this again",
    )


def mirrors() -> list[str]:
    """Base addresses that this machine's apt uses, likely Debian archives first."""
    if shutil.which("apt-get") is None:
        raise FwError("There is no apt-get here to fetch sources with", APT_MISSING)
    done = subprocess.run(
        ["apt-get", "update", "--print-uris"], capture_output=True, text=True, check=False
    )
    pairs = re.findall(r"'(\S+?)/dists/([^/']+)/InRelease'", done.stdout)
    codename = "bookworm"
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            codename = line.partition("=")[2].strip('"')
    bases = [base for base, suite in pairs if suite in (codename, "stable", "testing", "unstable")]
    # Other people's archives use Debian's code names too, but have no -updates.
    bases.sort(key=lambda base: (base, f"{codename}-updates") not in pairs)
    if not bases:
        raise FwError(
            f"apt is not configured with a Debian archive for '{codename}' here", APT_MISSING
        )
    return list(dict.fromkeys(bases))


class PrivateApt:
    """apt's own client and signature check, with state and sources of its own."""

    def __init__(self, root: Path, suite: str):
        self.root = root
        self.suite = suite
        self.list = root / "sources.list"
        for part in ("state/lists/partial", "cache/archives/partial"):
            (root / part).mkdir(parents=True, exist_ok=True)

    def options(self) -> list[str]:
        values = {
            "Dir::Etc::sourcelist": self.list,
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "-",
            "Dir::State": self.root / "state",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self.root / "cache",
            "Acquire::Languages": "none",
            "APT::Get::List-Cleanup": "false",
        }
        if os.geteuid() == 0:
            values["APT::Sandbox::User"] = "root"
        return [word for name, value in values.items() for word in ("-o", f"{name}={value}")]

    def update(self) -> None:
        """Fetch the list of source packages from the first archive that has the suite."""
        if not KEYRING.exists():
            raise FwError(
                f"Debian's signing keys are not at {KEYRING}",
                f"install the package debian-archive-keyring, or {APT_MISSING}",
            )
        bases = mirrors()
        log = new_log(f"sources-{self.suite}")
        step = Step(f"set-up: list of sources, {self.suite}")
        for base in bases:
            self.list.write_text(f"deb-src [signed-by={KEYRING}] {base} {self.suite} main\n")
            argv = ["apt-get", *self.options(), "--error-on=any", "update"]
            if run_logged(argv, log, step=step) == 0:
                step.end("done")
                return
        step.end("FAILED")
        say(tail(log))
        raise FwError(
            f"No archive of this machine's apt gave a list of sources that Debian signed"
            f" for '{self.suite}'",
            f"check the network; upgrade debian-archive-keyring if a key is missing; or {APT_MISSING}",
        )

    def version(self, package: str) -> str:
        """The version that the suite has, without fetching it."""
        argv = ["apt-get", *self.options(), "source", "--only-source", "--print-uris", package]
        done = subprocess.run(argv, capture_output=True, text=True, cwd=self.root, check=False)
        found = re.search(rf"/{re.escape(package)}_([^/']+)\.dsc'", done.stdout)
        if found is None:
            raise FwError(
                f"Debian's suite '{self.suite}' has no source package '{package}':"
                f" {done.stderr.strip()}",
                APT_MISSING,
            )
        return found.group(1).replace("%2b", "+").replace("%7e", "~")

    def unpack(self, package: str, into: Path, otherwise: str = "") -> Path | None:
        """Fetch, check and unpack a source package; returns its directory.

        None where that fails and there is another way, which otherwise names.
        """
        argv = ["apt-get", *self.options(), "source", "--only-source", package]
        work = into / f".unpack-{package}"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        fetched = run_step(
            f"set-up: sources of {package}, {self.suite}",
            f"source-{package}-{self.suite}",
            [argv],
            cwd=work,
            otherwise=otherwise,
            todo=f"check the network and run this again, or {APT_MISSING}",
        )
        if not fetched:
            shutil.rmtree(work)
            return None
        tree = next(path for path in work.iterdir() if path.is_dir())
        target = into / tree.name
        shutil.rmtree(target, ignore_errors=True)
        tree.rename(target)
        shutil.rmtree(work)
        return target
