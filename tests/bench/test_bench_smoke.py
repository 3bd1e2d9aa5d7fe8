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


def test_quick_lorawan_benchmark(tmp_path: Path) -> None:
    """Also: the MAC of thousands of devices delivers what pure ALOHA's theory says."""
    program = PROGRAM.with_name("bench_lorawan.py")
    argv: list[str | Path] = [sys.executable, program, "--quick", "--out", tmp_path]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "bench_lorawan.json").read_text())
    assert report["windows"]["start_error_us"] <= 50
    for one in report["scale"]["aloha"]:
        assert abs(one["delivered"] - one["theory"]) < 0.05, one
    for found in report["size"].values():
        assert found["EU868, one frame in each queue, one group"]["ram"] <= 2560
