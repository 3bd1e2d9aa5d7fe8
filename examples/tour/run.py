"""The tour: each step is a script on the firmware and its PC's side.

`python3 tools/fw.py run` starts this. A new step is a file NAME.py for the firmware, a
file NAME_pc.py with run() for the PC, and a line in STEPS.
"""

import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / "tests"), str(REPO / "tools")]

import ip_pc
import lora_pc
import lorawan_pc
from pc import TourError

STEPS = (ip_pc, lora_pc, lorawan_pc)


def main() -> int:
    """All steps, one after another; an exit status."""
    try:
        for step in STEPS:
            step.run()
    except TourError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\nThat was the tour. Sigfox joins it when it is built.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
