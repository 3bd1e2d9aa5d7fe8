# SPDX-License-Identifier: MIT
"""The list of Debian packages."""

from __future__ import annotations

from fwlib.debian import PACKAGES, wanted_packages

LIST = """\
# a comment
curl
gcc-multilib [amd64 i386]

ninja-build  # another
"""


def test_an_architecture_without_a_package_does_not_ask_for_it() -> None:
    """Brackets name the only ones that have it."""
    assert wanted_packages(LIST, "amd64") == ["curl", "gcc-multilib", "ninja-build"]
    assert wanted_packages(LIST, "arm64") == ["curl", "ninja-build"]


def test_our_list_has_no_stray_words() -> None:
    """Each line is a name, and the list for arm64 only leaves out 32-bit programs."""
    ours = {arch: wanted_packages(PACKAGES.read_text(), arch) for arch in ("amd64", "arm64")}
    assert set(ours["amd64"]) - set(ours["arm64"]) == {"gcc-multilib"}
    assert all(" " not in name for name in ours["amd64"])
