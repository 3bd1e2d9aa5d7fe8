# SPDX-License-Identifier: MIT
"""The benchmarks run and leave their reports; running times decide nothing here."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("bench_inet.py")


def test_quick_benchmark_leaves_its_reports(tmp_path: Path) -> None:
    argv: list[str | Path] = [sys.executable, PROGRAM, "--quick", "udp_64", "--out", tmp_path]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "bench_inet.json").read_text())
    assert [one["name"] for one in report["speed"]] == ["udp_64"]
    assert set(report["speed"][0]["us"]) == {"peer", "ours"}
    assert [one["name"] for one in report["ram"]] == ["ram_udp", "ram_tcp", "ram_tls"]
    assert (tmp_path / "bench_inet.svg").read_text().startswith("<svg ")
