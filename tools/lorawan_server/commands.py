# SPDX-License-Identifier: MIT
"""MAC commands: requests that the server sends, answers and requests that it gets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import loraopts

from lorawan_server.device import Command, Device, Session
from lorawan_server.regions import Region

LINK_ADR, FOPTS_MAX = 0x03, 15
# Requests of a device that version 1.0.x knows, by name.
DEVICE_REQUESTS = {
    "LinkCheckReq": ("1.0.2", "1.0.3", "1.0.4"),
    "PingSlotInfoReq": ("1.0.2", "1.0.3", "1.0.4"),
    "BeaconTimingReq": ("1.0.2", "1.0.3", "1.0.4"),
    "DeviceTimeReq": ("1.0.3", "1.0.4"),
}
DEFAULT = 0x0F  # data rate or power in LinkADRReq: keep


@dataclass(frozen=True)
class Option:
    """A MAC command that a device sent."""

    cid: int
    name: str
    values: dict[str, int]

    @property
    def accepted(self) -> bool:
        """Whether every acknowledgement bit is set; True where there are none."""
        return all(value for name, value in self.values.items() if name.endswith("Ack"))


def fields_of(option: loraopts.Opt) -> dict[str, loraopts.BF]:
    """The named fields of one of liblora's commands."""
    found = [field for part in option.args for field in part.fields]
    return {field.name: field for field in found if not isinstance(field, loraopts.RFU)}


def width_of(option: loraopts.Opt, name: str) -> int:
    """Bits of a field; liblora's DlChannelReq claims nine of a byte."""
    for part in option.args:
        for field in part.fields:
            if field.name == name:
                low, high = field.brange
                return int(min(high, part.n * 8 - 1) - low + 1)
    raise KeyError(name)


def build(name: str, **values: int) -> Command:
    """A downlink command by liblora's name for it and for its fields, such as
    build("NewChannelReq", Chnl=3, Freq=8671000, MinDR=0, MaxDR=5); frequencies in
    100 Hz. ValueError says what does not exist or does not fit."""
    kinds = {one.NAME: one for one in loraopts.OPTSDN.values()}
    kind = kinds.get(name)
    if kind is None:
        raise ValueError(
            f"no MAC command '{name}' to a device; choose from: {', '.join(sorted(kinds))}"
        )
    option = kind()
    fields = fields_of(option)
    for field, value in values.items():
        if field not in fields:
            raise ValueError(f"{name} has no field '{field}'; it has: {', '.join(fields)}")
        if not 0 <= value < 1 << width_of(option, field):
            raise ValueError(f"{name}: {field} is {value}, too large for its field")
    option.set(**values)
    raw = bytes(loraopts.pack_opts([option]))
    answered = name.endswith("Req") and name != "ForceRejoinReq"
    return Command(raw[0], raw, {**dict.fromkeys(fields, 0), **values}, answered)


def parse(raw: bytes, version: str) -> tuple[list[Option], bytes]:
    """What a device sent, and the rest from the first command that is unknown or cut."""
    found = []
    at = 0
    while at < len(raw):
        kind = loraopts.OPTSUP.get(raw[at])
        option = kind() if kind else None
        if option is None or not known_in(option.NAME, version):
            break
        end = at + 1 + sum(part.n for part in option.args)
        if end > len(raw):
            break
        option.decode(raw, at)
        values = {name: int(field.value) for name, field in fields_of(option).items()}
        found.append(Option(raw[at], option.NAME, values))
        at = end
    return found, raw[at:]


def known_in(name: str, version: str) -> bool:
    """Whether a device of this version may send it; answers always may come."""
    if name.endswith("Ans"):
        return True
    return version in DEVICE_REQUESTS.get(name, ())


def units(commands: Iterable[Command]) -> list[list[Command]]:
    """Commands that must not be torn apart: a block of LinkADRReq is one."""
    found: list[list[Command]] = []
    for command in commands:
        if command.cid == LINK_ADR and found and found[-1][-1].cid == LINK_ADR:
            found[-1].append(command)
        else:
            found.append([command])
    return found


def fitting(commands: Iterable[Command], room: int) -> list[Command]:
    """As many as fit, in order, whole blocks only."""
    taken: list[Command] = []
    for unit in units(commands):
        length = sum(len(command.raw) for command in unit)
        if length > room:
            break
        room -= length
        taken += unit
    return taken


def mask_result(
    style: str, plan: str, cntl: int, mask: int, enabled: set[int], defined: set[int]
) -> set[int]:
    """Channels that are on after one LinkADRReq."""
    bits = {i for i in range(16) if mask >> i & 1}
    wide = set(range(64, 72))
    if style == "dynamic":
        return set(defined) if cntl == 6 else bits & defined
    if style == "fixed72":
        if cntl == 5:
            banks = {8 * bank + i for bank in bits for i in range(8) if bank < 8}
            return banks | {64 + bank for bank in bits if bank < 8}
        if cntl in (6, 7):
            narrow = set(range(64)) if cntl == 6 else set()
            return narrow | {64 + i for i in bits if i < 8}
        bank = wide if cntl == 4 else set(range(16 * cntl, 16 * cntl + 16))
        return (enabled - bank) | ({16 * cntl + i for i in bits} & bank)
    everything, nothing = (6, 7) if plan.startswith("20") else (3, 4)
    if cntl == everything:
        return set(defined)
    if cntl == nothing:
        return set()
    bank = set(range(16 * cntl, 16 * cntl + 16))
    return (enabled - bank) | ({16 * cntl + i for i in bits} & defined)


def masks_for(region: Region, wanted: set[int], plan: str = "") -> list[tuple[int, int]]:
    """The (ChMaskCntl, ChMask) of a block that leaves these channels of a plan on."""
    bits = sum(1 << channel for channel in wanted)
    banks = [bits >> (16 * bank) & 0xFFFF for bank in range(6)]
    if region.masks == "dynamic":
        return [(0, banks[0])]
    if region.masks == "fixed72":
        wide = bits >> 64 & 0xFF
        if bits & (1 << 64) - 1 == (1 << 64) - 1:
            return [(6, wide)]
        return [(7, wide), *((bank, banks[bank]) for bank in range(4) if banks[bank])]
    return [(bank, banks[bank]) for bank in range(len(region.plan(plan).up) // 16)]


def link_adr(
    region: Region,
    channels: set[int],
    dr: int = DEFAULT,
    power: int = DEFAULT,
    nb_trans: int = 0,
    plan: str = "",
) -> list[Command]:
    """One block of LinkADRReq; 15 keeps rate or power, 0 keeps NbTrans."""
    return [
        build("LinkADRReq", DR=dr, TXPow=power, ChMask=mask, ChMaskCntl=cntl, NbTrans=nb_trans)
        for cntl, mask in masks_for(region, channels, plan)
    ]


def apply_answer(region: Region, device: Device, session: Session, option: Option) -> str:
    """Note what a device's answer changed: "accepted", "refused" or "repeated"."""
    for command in device.asked:
        if command.cid == option.cid:
            device.asked.remove(command)
            break
    else:
        return "repeated"
    if not option.accepted:
        return "refused"
    value = command.values
    if option.name == "LinkADRAns":
        apply_link_adr(region, session, value)
    elif option.name == "RXParamSetupAns":
        session.rx1_offset = value["RX1DRoff"]
        session.rx2_dr = value["RX2DR"]
        session.rx2_freq = value["Freq"] * 100
    elif option.name == "NewChannelAns":
        apply_new_channel(session, value)
    elif option.name == "RXTimingSetupAns":
        session.rx_delay = value["Delay"] or 1
    elif option.name == "TXParamSetupAns":
        session.dwell_up, session.dwell_down = bool(value["UpDwell"]), bool(value["DnDwell"])
    elif option.name == "DlChannelAns":
        session.moved[session.channels.get(value["Chnl"], 0)] = value["Freq"] * 100
    elif option.name == "DevStatusAns":
        device.battery, device.margin = option.values["Batt"], option.values["Margin"]
    return "accepted"


def apply_link_adr(region: Region, session: Session, value: dict[str, int]) -> None:
    defined = {index for index, freq in session.channels.items() if freq}
    session.enabled = mask_result(
        region.masks,
        session.plan,
        value["ChMaskCntl"],
        value["ChMask"],
        session.enabled,
        defined,
    )
    if value["DR"] != DEFAULT:
        session.dr = value["DR"]
    if value["TXPow"] != DEFAULT:
        session.power = value["TXPow"]
    session.nb_trans = value["NbTrans"] or session.nb_trans
    session.snr.clear()


def apply_new_channel(session: Session, value: dict[str, int]) -> None:
    index, freq = value["Chnl"], value["Freq"] * 100
    session.moved.pop(session.channels.get(index, 0), None)
    if freq:
        session.channels[index] = freq
        session.enabled.add(index)
    else:
        session.channels.pop(index, None)
        session.enabled.discard(index)
