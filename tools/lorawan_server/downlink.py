# SPDX-License-Identifier: MIT
"""What goes down: the content of a downlink, and the windows it can go in."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace

from semtech_udp import tmst_add

from lorawan_server import commands, frames
from lorawan_server.device import Command, Device, Downlink, Session
from lorawan_server.link import Reception
from lorawan_server.regions import Plan, Rate, Region

JOIN_DELAY_US = 5_000_000
SECOND_US = 1_000_000
FSK_DEVIATION_HZ = 25_000


@dataclass(frozen=True)
class Window:
    """When (tmst; None at once), where and how fast a downlink goes."""

    name: str
    tmst: int | None
    freq: int
    dr: int


@dataclass(frozen=True)
class Transmission:
    """A frame on its way to a gateway; what a test's mangle() may replace."""

    gateway: bytes
    window: Window
    rate: Rate
    phy: bytes
    power_dbm: int
    inverted: bool = True

    def txpk(self) -> dict[str, object]:
        """As the Semtech protocol wants it."""
        when = {"imme": True} if self.window.tmst is None else {"tmst": self.window.tmst}
        lora = {"modu": "LORA", "codr": "4/5", "ipol": self.inverted, "ncrc": True, "prea": 8}
        fsk = {"modu": "FSK", "fdev": FSK_DEVIATION_HZ, "prea": 5}
        return {
            **when,
            "freq": self.window.freq / 1e6,
            "rfch": 0,
            "powe": self.power_dbm,
            "datr": self.rate.datr,
            **(lora if self.rate.sf else fsk),
            "size": len(self.phy),
            "data": base64.b64encode(self.phy).decode(),
        }

    def later(self, microseconds: int) -> Transmission:
        """The same at another time; only for windows that have one."""
        assert self.window.tmst is not None
        tmst = tmst_add(self.window.tmst, microseconds)
        return replace(self, window=replace(self.window, tmst=tmst))


def join_windows(region: Region, heard: Reception, plan: str) -> list[Window]:
    """RX1 and RX2 of a join accept."""
    channels = region.plan(plan)
    dr = region.rx1_dr(region.uplink_dr(heard.rate), 0)
    first, second = channels.joins.get(heard.freq, (rx1_freq(channels, heard.freq), 0))
    return [
        Window("rx1", tmst_add(heard.tmst, JOIN_DELAY_US), first, dr),
        Window(
            "rx2",
            tmst_add(heard.tmst, JOIN_DELAY_US + SECOND_US),
            second or channels.rx2_freq,
            region.rx2_dr,
        ),
    ]


def rx1_freq(plan: Plan, freq: int) -> int:
    """RX1 of a channel; of a frequency that is no channel, the frequency itself."""
    try:
        return plan.rx1(freq)
    except KeyError:
        return freq


def data_windows(
    region: Region, session: Session, heard: Reception, wanted: str = "auto"
) -> list[Window]:
    """The windows after an uplink that may be used, in order."""
    dr = region.rx1_dr(region.uplink_dr(heard.rate), session.rx1_offset, session.dwell_down)
    freq = session.moved.get(heard.freq) or rx1_freq(region.plan(session.plan), heard.freq)
    delay = session.rx_delay * SECOND_US
    first = Window("rx1", tmst_add(heard.tmst, delay), freq, dr)
    second = Window(
        "rx2", tmst_add(heard.tmst, delay + SECOND_US), session.rx2_freq, session.rx2_dr
    )
    return {"rx1": [first], "rx2": [second]}.get(wanted, [first, second])


@dataclass
class Content:
    """What one downlink carries, and what must happen once it is sent."""

    data: frames.Data
    sent: list[Command] = field(default_factory=list)
    application: Downlink | None = None
    # That a window must have room for: FRMPayload and FOpts.
    length: int = 0


@dataclass
class Wish:
    """What is to be put into a downlink."""

    application: Downlink | None = None
    replies: list[Command] = field(default_factory=list)
    ack: bool = False
    must_answer: bool = False
    with_commands: bool = True
    commands_on_port_0: bool = False


def compose(device: Device, session: Session, wish: Wish, room: int) -> Content | None:
    """Fill a downlink from the wish and the device's commands, which stay queued.

    None: there is nothing to say. room is the longest FRMPayload of the window.
    """
    application = wish.application
    waiting = [*wish.replies, *device.commands] if wish.with_commands else []
    if not (waiting or application or wish.ack or wish.must_answer):
        return None
    space = room - (len(application.payload) if application else 0)
    fopts = commands.fitting(waiting, max(0, min(commands.FOPTS_MAX, space)))
    alone: list[Command] = []
    if wish.commands_on_port_0 or not commands.fitting(waiting, commands.FOPTS_MAX):
        fopts, alone = [], commands.fitting(waiting, room)
    if alone:
        application = None
    sent = alone or fopts
    raw = b"".join(command.raw for command in sent)
    left = len(waiting) > len(sent) or len(device.queue) > (application is not None)
    payload = application.payload if application else b""
    data = frames.Data(
        dev_addr=session.dev_addr,
        fcnt=session.fcnt_down,
        port=0 if alone else application.port if application else None,
        payload=raw if alone else payload,
        fopts=b"" if alone else raw,
        fctrl=flags(device, wish.ack, left) | (application.fctrl_bits if application else 0),
        mtype=frames.CONFIRMED_DOWN if application and application.confirmed else frames.DATA_DOWN,
        major=application.mhdr_bits if application else 0,
    )
    if application is not None and application.fcnt is not None:
        data = replace(data, fcnt=application.fcnt)
    return Content(data, sent, application, len(raw) + len(payload))


def flags(device: Device, ack: bool, pending: bool) -> int:
    adr = frames.ADR if device.adr else 0
    return adr | (frames.ACK if ack else 0) | (frames.FPENDING if pending else 0)
