"""The page that flashes from a browser: esp-web-tools, its manifests, and our page around it."""

import html
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from fwlib import node
from fwlib.folder import Folder
from fwlib.paths import REPO

WEB = REPO / "tools" / "web"
TOOLS = "esp-web-tools"
# esp-web-tools' names of chips, by board.json's mcu.
FAMILIES = {"esp32": "ESP32"}

BOARD = Template("""\
  <article id="$board">
    <h2>$title</h2>
    <p class="facts">$board, version $version, $flash of flash</p>
$warning    <div class="install" hidden>
      <esp-web-install-button manifest="$place$manifest">
        <button slot="activate">Install on $title</button>
        <p slot="unsupported" class="warning">This browser cannot reach serial ports. Use one that
          has Web Serial, such as Chrome, Edge or Firefox on a PC, or <code>fw.py flash</code>.</p>
        <p slot="not-allowed" class="warning">Browsers reach serial ports only from pages served
          by HTTPS or by this computer itself.</p>
      </esp-web-install-button>
    </div>
    <p class="warning" hidden>This version of ESP Web Tools cannot be kept from erasing the chip,
      so this page does not use it. Take <code>fw.py flash</code>.</p>
    <details>
      <summary>Files</summary>
      <table>
        <thead><tr><th>File</th><th>Flash address</th><th>Bytes</th></tr></thead>
        <tbody>
$rows
        </tbody>
      </table>
      <p>The last one is all of them in one image, for a board that has nothing to lose: it also
        clears the settings between the parts. Checksums are in
        <a href="${place}build.json">build.json</a>.</p>
    </details>
  </article>""")

WARNING = Template("""\
    <div class="warning">
      <p><strong>At 0x$offset this board has $what.</strong> Nobody can issue them again. The page
        leaves them alone, but makes no backup: <code>fw.py flash $board</code> does, and is
        the better way the first time.</p>
      <p>Never erase the whole chip of this board, with whatever program.</p>
    </div>
""")

ROW = Template("""\
          <tr><td><a href="$place$file">$file</a></td><td>0x$offset</td>
            <td class="number">$size</td></tr>""")


def manifest(folder: Folder) -> dict[str, Any]:
    """What esp-web-tools writes: the parts, so that settings between them stay."""
    return {
        "name": f"usocket for {folder.title}",
        "version": folder.version,
        # Where this is false, esp-web-tools erases the chip without asking.
        "new_install_prompt_erase": True,
        "builds": [
            {
                "chipFamily": FAMILIES[folder.mcu],
                "parts": [{"path": one.file, "offset": one.offset} for one in folder.parts],
            }
        ],
    }


def article(folder: Folder, place: str) -> str:
    """One board's part of a page; place is the way from the page to its folder."""
    rows = [
        ROW.substitute(
            place=place,
            file=html.escape(one.file),
            offset=f"{one.offset:X}",
            size=f"{one.size:,}",
        )
        for one in (*folder.parts, folder.merged)
    ]
    warnings = [
        WARNING.substitute(
            what=html.escape(kept.what), offset=f"{kept.offset:X}", board=folder.board
        )
        for kept in folder.kept
    ]
    return BOARD.substitute(
        board=folder.board,
        title=html.escape(folder.title),
        version=html.escape(folder.version),
        flash=html.escape(folder.flash_size.replace("MB", " MB")),
        warning="".join(warnings),
        place=place,
        manifest="manifest.json",
        rows="\n".join(rows),
    )


def write_page(home: Path, shown: Sequence[tuple[Folder, str]]) -> None:
    """index.html for some boards, with all that it needs, into home."""
    dist = node.ensure(node.TOOLS) / "node_modules" / TOOLS
    tools = home / TOOLS
    shutil.rmtree(tools, ignore_errors=True)
    shutil.copytree(dist / "dist" / "web", tools)
    shutil.copy(dist / "LICENSE", tools)
    dialog = next(file.name for file in sorted(tools.glob("install-dialog-*.js")))
    script = (WEB / "usocket.js").read_text().replace("$dialog", dialog)
    (home / "usocket.js").write_text(script)
    shutil.copy(WEB / "usocket.css", home)
    options = [
        f'      <option value="{folder.board}">{html.escape(folder.title)}</option>'
        for folder, _ in shown
    ]
    page = Template((WEB / "index.html").read_text()).substitute(
        version=html.escape(", ".join(dict.fromkeys(folder.version for folder, _ in shown))),
        options="\n".join(options),
        boards="\n".join(article(folder, place) for folder, place in shown),
    )
    (home / "index.html").write_text(page)


def write_manifest(folder: Folder) -> None:
    file = folder.path / "manifest.json"
    file.write_text(json.dumps(manifest(folder), indent=2) + "\n")


def write_board(folder: Folder) -> None:
    """A firmware folder's own page."""
    write_page(folder.path, [(folder, "")])


def write_site(home: Path, folders: Sequence[Folder]) -> None:
    """One page for all boards, whose folders are in home."""
    write_page(home, [(folder, f"{folder.path.name}/") for folder in folders])
