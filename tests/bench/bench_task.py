# SPDX-License-Identifier: MIT
"""The radio task in QEMU: its worst step in instructions, and its stack.

Each device script for radios runs in a fresh Cortex-M3 firmware; QEMU counts instructions
(-icount), one is 128 ns long, and the image's clock has ticks of 40 ns.
"""

import json
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tools"))

from fwlib import qemu, sources
from fwlib.paths import BUILD, shown
from mpremote.transport_serial import SerialTransport

DEVICE = REPO / "tests" / "device"
SCRIPTS = (
    "lora_socket",
    "lora_compat",
    "lora_callback",
    "lora_channel",
    "lorawan_settings",
    "lorawan_duty_cycle",
    "sigfox_socket",
    "sigfox_duty",
    "sigfox_test_mode",
)
SHIFT = 7
FIELDS = [
    "steps",
    "sum_ns",
    "worst_ns",
    "worst_transfers",
    "worst_at_us",
    "stack_used",
    "stack_size",
]


def measure(image: Path, script: str) -> dict[str, object]:
    """One script; what the task cost."""
    process, port = qemu.start(image, ("-icount", f"shift={SHIFT},sleep=off"))
    try:
        board = SerialTransport(port)
        board.enter_raw_repl(soft_reset=False)
        board.mount_local(str(DEVICE))
        out, err = board.exec_raw((DEVICE / f"{script}.py").read_text(), timeout=300)
        text = (out + err).decode(errors="replace").strip()
        figures = board.exec("import qemu\nprint(*qemu.task(), *qemu.stack())").split()
    finally:
        process.kill()
        process.wait()
    values = dict(
        zip((*FIELDS, "main_stack_used", "main_stack_size"), map(int, figures), strict=True)
    )
    values["worst_instructions"] = values.pop("worst_ns") >> SHIFT
    values["sum_instructions"] = values.pop("sum_ns") >> SHIFT
    return {"result": text.splitlines()[-1] if text else "nothing", **values}


def main() -> int:
    image = qemu.build(sources.get("stable"))
    report = {}
    print(f"{'script':20} {'steps':>7} {'mean':>7} {'worst':>7} {'SPI':>4} {'stack':>6}  result")
    for script in SCRIPTS:
        row = measure(image, script)
        report[script] = row
        mean = int(str(row["sum_instructions"])) // max(1, int(str(row["steps"])))
        print(
            f"{script:20} {row['steps']:7} {mean:7} {row['worst_instructions']:7}"
            f" {row['worst_transfers']:4} {row['stack_used']:6}  {row['result']}",
            flush=True,
        )
    out = BUILD / "reports" / "task.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n")
    print(f"instructions of the radio task, without the model of the chip; {shown(out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
