# SPDX-License-Identifier: MIT
"""What a user can type while the server runs."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable

from lorawan_server.device import Device
from lorawan_server.server import NetworkServer

HELP = """\
devices                                        who there is, and how it is
send DEVICE PORT HEX [confirmed] [rx1|rx2|c]   data after its next uplink, or at once
mac DEVICE COMMAND [FIELD=NUMBER ...]          a MAC command, such as: mac d DevStatusReq
adr DEVICE DR [POWER [NBTRANS]]                a block of LinkADRReq
multicast GROUP PORT HEX                       data to a group, now
help                                           this
quit                                           end the server"""


class Console:
    """Carries out lines; execute() returns what to print."""

    def __init__(self, server: NetworkServer) -> None:
        self._server = server
        self._work: dict[str, Callable[[list[str]], Awaitable[str]]] = {
            "devices": self._devices,
            "send": self._send,
            "mac": self._mac,
            "adr": self._adr,
            "multicast": self._multicast,
            "help": self._help,
        }

    async def execute(self, line: str) -> str:
        """One line; a mistake is told, not raised."""
        try:
            words = shlex.split(line)
            if not words:
                return ""
            work = self._work.get(words[0])
            if work is None:
                return f"no command '{words[0]}'\n{HELP}"
            return await work(words[1:])
        except IndexError:
            return f"something is missing\n{HELP}"
        except ValueError as error:
            return str(error)

    def _device(self, name: str) -> Device:
        try:
            return self._server.devices[name]
        except KeyError:
            known = ", ".join(self._server.devices) or "none"
            raise ValueError(f"no device '{name}'; there are: {known}") from None

    async def _help(self, words: list[str]) -> str:
        return HELP

    async def _devices(self, words: list[str]) -> str:
        lines = []
        for device in self._server.devices.values():
            session = device.session
            state = "not joined"
            if session is not None:
                state = (
                    f"DevAddr {session.dev_addr:08x}, uplinks to {session.fcnt_up},"
                    f" downlinks from {session.fcnt_down}, DR {session.dr},"
                    f" RX2 {session.rx2_freq / 1e6:.3f} MHz DR {session.rx2_dr}"
                )
            lines.append(
                f"{device.name}: LoRaWAN {device.version} class"
                f" {device.device_class}, {state}, {len(device.queue)} waiting"
            )
        return "\n".join(lines) or "there are no devices"

    async def _send(self, words: list[str]) -> str:
        device, port, payload, options = (
            self._device(words[0]),
            int(words[1]),
            bytes.fromhex(words[2]),
            words[3:],
        )
        window = next((one for one in options if one in ("rx1", "rx2", "c")), "auto")
        unknown = set(options) - {"confirmed", "rx1", "rx2", "c"}
        if unknown:
            raise ValueError(f"'{unknown.pop()}' is none of: confirmed, rx1, rx2, c")
        self._server.send(device, port, payload, window=window, confirmed="confirmed" in options)
        return ""

    async def _mac(self, words: list[str]) -> str:
        values = {}
        for word in words[2:]:
            name, _, value = word.partition("=")
            values[name] = int(value, 0)
        self._server.command(self._device(words[0]), words[1], **values)
        return ""

    async def _adr(self, words: list[str]) -> str:
        numbers = [int(word) for word in words[1:]]
        wanted = {"dr": numbers[0], **dict(zip(("power", "nb_trans"), numbers[1:], strict=False))}
        self._server.link_adr(self._device(words[0]), None, **wanted)
        return ""

    async def _multicast(self, words: list[str]) -> str:
        group = self._server.groups.get(words[0])
        if group is None:
            raise ValueError(f"no group '{words[0]}'")
        answers = await self._server.multicast(group, int(words[1]), bytes.fromhex(words[2]))
        return "" if answers else "no gateway is connected"
