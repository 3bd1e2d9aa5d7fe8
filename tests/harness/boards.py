# SPDX-License-Identifier: MIT
"""The boards of a rig, whatever stands behind them."""

from __future__ import annotations

from fwlib import rigs
from fwlib.rigs import BoardPlan, Rig
from harness.board import Board
from harness.closing import Closing
from harness.starts import Esp32Start, HostStart, M3Start, PortStart, Start
from pytest_embedded.log import MessageQueue


def start_of(plan: BoardPlan, rig: Rig, ports: dict[str, str], env: dict[str, str]) -> Start:
    """What stands behind a board of the rig."""
    if rig.kind == "host":
        return HostStart(plan, env)
    if rig.kind == "qemu":
        return M3Start(plan) if plan.image == "m3" else Esp32Start(plan)
    if not ports[plan.name]:
        raise rigs.RigError(
            f"rig {rig.name}: nobody says where board {plan.name} is",
            f"add --port {plan.name}=/dev/ttyUSB0, or a port to the rig's file",
        )
    return PortStart(plan, ports[plan.name])


class Boards(Closing):
    """Boards that tests started, each with what is behind it."""

    def __init__(self, rig: Rig, ports: dict[str, str]) -> None:
        self._rig = rig
        self._ports = ports
        self._open: list[tuple[Board, Start]] = []

    def make(
        self, plan: BoardPlan, queue: MessageQueue, env: dict[str, str] | None = None
    ) -> Board:
        """Start a board of the rig; env is for host firmwares alone."""
        start = start_of(plan, self._rig, self._ports, env or {})
        try:
            port = start.restart()
            board = Board(
                plan.name,
                port,
                queue,
                baud=plan.baud,
                restart=start.restart,
                boot_s=start.boot_s,
            )
        except BaseException:
            start.close()
            raise
        self._open.append((board, start))
        return board

    def start(self, board: Board) -> Start:
        """What is behind a board."""
        return next(start for known, start in self._open if known is board)

    def first(self) -> Board | None:
        """The first that was started."""
        return self._open[0][0] if self._open else None

    def close(self) -> None:
        for board, start in self._open:
            board.close()
            start.close()
        self._open.clear()
