# SPDX-License-Identifier: MIT
"""The scripts of tests/device, and what NAME.json says of one.

It may hold {"net": ..., "timeout": seconds, "env": {variable: value}}.
"""

from __future__ import annotations

import json
from pathlib import Path

DEVICE = Path(__file__).parents[1] / "device"
NOT_SCRIPTS = {"devtest", "test_device"}
SCRIPTS = sorted(p for p in DEVICE.glob("*.py") if p.stem not in NOT_SCRIPTS and p.stem[0] != "_")
TIMEOUT_S = 60.0


def settings(script: Path) -> tuple[str, float, dict[str, str]]:
    """The network, the time limit and the environment of a script."""
    found = script.with_suffix(".json")
    values = json.loads(found.read_text()) if found.exists() else {}
    unknown = set(values) - {"net", "timeout", "env"}
    assert not unknown, f"{found}: unknown settings {sorted(unknown)}"
    return (
        values.get("net", "loop"),
        float(values.get("timeout", TIMEOUT_S)),
        values.get("env", {}),
    )
