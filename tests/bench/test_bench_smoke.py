# SPDX-License-Identifier: MIT
"""The benchmarks run and leave their reports; times of the PC's clock decide nothing here."""

import json
import subprocess
import sys
from pathlib import Path


def run(name: str, *options: str | Path) -> str:
    argv = [sys.executable, Path(__file__).with_name(f"bench_{name}.py"), *options]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_quick_benchmark_leaves_its_reports(tmp_path: Path) -> None:
    run("inet", "--quick", "udp_64", "--out", tmp_path)
    report = json.loads((tmp_path / "bench_inet.json").read_text())
    assert [one["name"] for one in report["speed"]] == ["udp_64"]
    assert set(report["speed"][0]["us"]) == {"peer", "ours"}
    assert [one["name"] for one in report["ram"]] == ["ram_udp", "ram_tcp", "ram_tls"]
    assert (tmp_path / "bench_inet.svg").read_text().startswith("<svg ")


def test_quick_lorawan_benchmark(tmp_path: Path) -> None:
    """Also: the MAC of thousands of devices delivers what pure ALOHA's theory says."""
    run("lorawan", "--quick", "--out", tmp_path)
    report = json.loads((tmp_path / "bench_lorawan.json").read_text())
    assert report["windows"]["start_error_us"] <= 50
    for one in report["scale"]["aloha"]:
        assert abs(one["delivered"] - one["theory"]) < 0.05, one
    for found in report["size"].values():
        assert found["EU868, one frame in each queue, one group"]["ram"] <= 2640


def test_radio_benchmark_meets_its_goal(tmp_path: Path) -> None:
    """In virtual time, so that the PC's load changes nothing."""
    assert "missed" not in run("radio", "--no-callgrind", "--out", tmp_path)
    report = json.loads((tmp_path / "bench_radio.json").read_text())
    assert len(report["use"]) == 8
    assert all(one["use"] > 98 for one in report["use"])
    for one in report["cost"]:
        assert one["needed_transfers"] <= one["transfers"] <= 12
        assert one["needed_bytes"] <= one["bytes"] <= one["size"] + 24
    assert 0 < report["ram"]["radio"] < 1024 and 0 < report["ram"]["task_stack"] < 2048


def test_sigfox_benchmark_and_the_spectrum(tmp_path: Path) -> None:
    """The signal that the driver makes keeps what docs/sigfox.md says of it."""
    run("sigfox", "--quick", "--out", tmp_path)
    report = json.loads((tmp_path / "bench_sigfox.json").read_text())
    assert {one["broken_rules"] for one in report["modulator"]} == {0}
    for one in report["spectrum"]:
        slow = one["bit_rate"] == 100
        limits = (-77, -75, -74, -77) if slow else (-79, -72, -83, -90)
        for offset, limit in zip(("5", "10", "50", "200"), limits, strict=True):
            assert one["db_at"][offset] <= limit, (one, offset)
        assert one["highest_beyond_15"] <= (-68 if slow else -49), one
    assert "<svg" in (tmp_path / "bench_sigfox.svg").read_text()
