# SPDX-License-Identifier: MIT
"""Runs every script of this folder in the firmware.

A script passes when its last line is PASS and its exit status 0; it is skipped when
it prints only `SKIP: reason`. harness/scripts.py says what NAME.json may hold.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from harness.firmware import Firmware
from harness.scripts import SCRIPTS, settings


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script(script: Path) -> None:
    """One script in a firmware of its own."""
    net, timeout, env = settings(script)
    if net == "slirp" and os.environ.get("USOCKET_BITS") == "32":
        pytest.skip("the 32-bit firmware has no user-mode network")
    with Firmware(script, net=net, env=env) as firmware:
        status = firmware.wait(timeout)
        lines = [line for line in firmware.output if line]
    text = "\n".join(lines)
    if status == 0 and len(lines) == 1 and lines[0].startswith("SKIP: "):
        pytest.skip(lines[0].removeprefix("SKIP: "))
    assert status == 0, f"exit status {status}; {text}"
    assert lines and lines[-1] == "PASS", f"the last line is not PASS; {text}"
