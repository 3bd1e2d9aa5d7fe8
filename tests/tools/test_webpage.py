# SPDX-License-Identifier: MIT
"""The page that flashes from a browser: what it writes, and that it cannot erase."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fwlib import node, webpage
from fwlib.folder import Folder
from fwlib.steps import NotSupported

Fw = Callable[..., int]
Firmware = Callable[..., Folder]


@pytest.fixture
def site(fw: Fw, firmware: Firmware, tmp_path: Path) -> Path:
    """`fw.py site` for two boards."""
    try:
        node.ensure(node.TOOLS)
    except NotSupported as reason:
        pytest.skip(str(reason))
    for name in ("PYCOM_TEST", "OTHER_TEST"):
        firmware(name)
    assert fw("site", tmp_path / "firmware") == 0
    return tmp_path / "firmware"


class Links(HTMLParser):
    """Every address in a page, and that each tag that is opened is closed."""

    VOID = ("meta", "link", "br")

    def __init__(self, text: str):
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = ("href", "src", "manifest")
        self.found += [value for name, value in attrs if name in names and value]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_manifest_gives_the_parts_and_never_erases_unasked(firmware: Firmware) -> None:
    made_folder = firmware("PYCOM_TEST")
    manifest = webpage.manifest(made_folder)
    assert manifest["new_install_prompt_erase"] is True
    (build,) = manifest["builds"]
    assert build["chipFamily"] == "ESP32"
    parts = [(part["path"], part["offset"]) for part in build["parts"]]
    assert parts == [(part.file, part.offset) for part in made_folder.parts]


def test_pages_refer_only_to_files_beside_them(site: Path) -> None:
    pages = [site, *(site / name for name in ("PYCOM_TEST", "OTHER_TEST"))]
    for page in pages:
        if not (page / "index.html").exists():
            webpage.write_board(webpage_folder(page))
        text = (page / "index.html").read_text()
        links = Links(text).found
        assert "manifest.json" in " ".join(links)
        for link in links:
            assert link == "data:," or (page / link).is_file(), link
        assert "//" not in re.sub(r"<!.*?>", "", text)


def webpage_folder(page: Path) -> Folder:
    from fwlib import folder

    return folder.read(page)


def test_boards_to_choose_from_are_those_of_the_folder(site: Path) -> None:
    text = (site / "index.html").read_text()
    assert re.findall(r'<option value="(\w+)">', text) == ["OTHER_TEST", "PYCOM_TEST"]
    assert re.findall(r'<article id="(\w+)">', text) == ["OTHER_TEST", "PYCOM_TEST"]
    assert re.findall(r'manifest="([^"]+)"', text) == [
        "OTHER_TEST/manifest.json",
        "PYCOM_TEST/manifest.json",
    ]
    manifest = json.loads((site / "PYCOM_TEST" / "manifest.json").read_text())
    assert all((site / "PYCOM_TEST" / part["path"]).is_file() for part in builds(manifest))


def builds(manifest: dict[str, list[dict[str, list[dict[str, str]]]]]) -> list[dict[str, str]]:
    return manifest["builds"][0]["parts"]


def test_only_boards_with_a_sector_warn_of_it(site: Path) -> None:
    text = (site / "index.html").read_text()
    other, pycom = text.split('<article id="PYCOM_TEST">')
    assert "0x3FF000" not in other
    assert "At 0x3FF000" in pycom


def test_dialog_still_has_what_the_page_replaces(site: Path) -> None:
    (dialog,) = (site / "esp-web-tools").glob("install-dialog-*.js")
    text = dialog.read_text()
    assert f'"./esp-web-tools/{dialog.name}"' in (site / "usocket.js").read_text()
    # Its only ways to an erasure: both go through what usocket.js replaces.
    assert re.search(r"_startInstall\(\w\)\{this\._state=\"INSTALL\",this\._installErase=\w", text)
    assert len(re.findall(r"_installErase=", text)) == 2
    assert text.count("_renderAskErase(){") == 1
    assert text.count("_renderInstall(){") == 1
