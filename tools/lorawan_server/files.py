# SPDX-License-Identifier: MIT
"""Device files, which a user writes, and the state file, which the server writes.

Both hold keys: error messages name the file and the field, never the value.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from lorawan_server.device import Device, MulticastGroup, Session
from lorawan_server.join import cflist_frequencies, cflist_masks
from lorawan_server.regions import Region

DEVICE_FIELDS = {
    "name",
    "dev_eui",
    "join_eui",
    "app_key",
    "dev_addr",
    "nwk_s_key",
    "app_s_key",
    "version",
    "class",
    "adr",
    "rx_delay",
    "rx1_offset",
    "rx2_dr",
    "channels_mhz",
    "channel_mask",
    "counters_may_restart",
    "plan",
}
GROUP_FIELDS = {"name", "dev_addr", "nwk_s_key", "app_s_key", "freq_mhz", "dr"}


class FileError(ValueError):
    """What is wrong with a file, and where."""


class Reader:
    """One object of a file; knows its place for messages."""

    def __init__(self, place: str, values: object, fields: set[str]) -> None:
        if not isinstance(values, dict):
            raise FileError(f"{place}: not an object")
        unknown = sorted(set(values) - fields)
        if unknown:
            known = ", ".join(sorted(fields))
            raise FileError(f"{place}: no field '{unknown[0]}'; there are: {known}")
        self._place = place
        self._values = values

    def has(self, name: str) -> bool:
        return name in self._values

    def hex(self, name: str, length: int) -> bytes:
        """Exactly so many bytes as hexadecimal digits."""
        try:
            raw = bytes.fromhex(self._values[name].replace("-", "").replace(":", ""))
        except KeyError:
            raise FileError(f"{self._place}: '{name}' is missing") from None
        except (AttributeError, TypeError, ValueError):
            raw = b""
        if len(raw) != length:
            raise FileError(f"{self._place}: '{name}' must be {2 * length} hexadecimal digits")
        return raw

    def number(self, name: str, low: int, high: int) -> int:
        value = self._values[name]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise FileError(f"{self._place}: '{name}' must be a number from {low} to {high}")
        return value

    def text(self, name: str, default: str) -> str:
        value = self._values.get(name, default)
        if not isinstance(value, str):
            raise FileError(f"{self._place}: '{name}' must be a text")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self._values.get(name, default)
        if not isinstance(value, bool):
            raise FileError(f"{self._place}: '{name}' must be true or false")
        return value

    def numbers(self, name: str) -> list[float]:
        value = self._values[name]
        if not isinstance(value, list) or not all(isinstance(one, (int, float)) for one in value):
            raise FileError(f"{self._place}: '{name}' must be a list of numbers")
        return value


def read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        # The text near a mistake may be a key: only the place is told.
        line = getattr(error, "lineno", None)
        raise FileError(f"{path}: no JSON" + (f", line {line}" if line else "")) from None


def load(path: Path, region: Region) -> tuple[list[Device], list[MulticastGroup]]:
    """Read a device file: one device, or "devices" and "multicast" lists."""
    content = read_json(path)
    if not isinstance(content, dict):
        raise FileError(f"{path}: not an object")
    if "devices" not in content and "multicast" not in content:
        return [read_device(f"{path}", path.stem, content, region)], []
    unknown = sorted(set(content) - {"devices", "multicast"})
    if unknown:
        raise FileError(f"{path}: no field '{unknown[0]}'; there are: devices, multicast")
    devices = [
        read_device(f"{path}: device {i + 1}", f"device{i + 1}", one, region)
        for i, one in enumerate(content.get("devices", []))
    ]
    groups = [
        read_group(f"{path}: group {i + 1}", f"group{i + 1}", one)
        for i, one in enumerate(content.get("multicast", []))
    ]
    return devices, groups


def read_device(place: str, name: str, values: object, region: Region) -> Device:
    """A device; ABP when it has session keys."""
    reader = Reader(place, values, DEVICE_FIELDS)
    otaa = reader.has("app_key")
    try:
        device = Device(
            name=reader.text("name", name),
            dev_eui=int.from_bytes(reader.hex("dev_eui", 8), "big") if otaa else 0,
            join_eui=int.from_bytes(reader.hex("join_eui", 8), "big") if otaa else 0,
            app_key=reader.hex("app_key", 16) if otaa else None,
            version=reader.text("version", "1.0.4"),
            device_class=reader.text("class", "A"),
            adr=reader.flag("adr", True),
            counters_may_restart=reader.flag("counters_may_restart", False),
        )
        plan = reader.text("plan", "")
        region.plan(plan)
    except FileError:
        raise
    except ValueError as error:
        raise FileError(f"{place}: {error}") from None
    read_windows(reader, device, region)
    if reader.has("dev_addr"):
        device.dev_addr = int.from_bytes(reader.hex("dev_addr", 4), "big")
    if not otaa:
        device.session = Session.start(
            region,
            int.from_bytes(reader.hex("dev_addr", 4), "big"),
            reader.hex("nwk_s_key", 16),
            reader.hex("app_s_key", 16),
            plan,
        )
        take_windows(device, device.session)
    return device


def read_windows(reader: Reader, device: Device, region: Region) -> None:
    """What a join hands out."""
    if reader.has("rx_delay"):
        device.rx_delay = reader.number("rx_delay", 0, 15)
    if reader.has("rx1_offset"):
        device.rx1_offset = reader.number("rx1_offset", 0, region.rx1_offsets() - 1)
    if reader.has("rx2_dr"):
        device.rx2_dr = reader.number("rx2_dr", 0, 15)
    if reader.has("channels_mhz"):
        device.cflist = cflist_frequencies(
            round(mhz * 1e6) for mhz in reader.numbers("channels_mhz")
        )
    if reader.has("channel_mask"):
        device.cflist = cflist_masks(int(one) for one in reader.numbers("channel_mask"))


def take_windows(device: Device, session: Session) -> None:
    """An ABP device has been told them otherwise."""
    session.rx_delay = device.rx_delay or 1
    session.rx1_offset = device.rx1_offset
    if device.rx2_dr is not None:
        session.rx2_dr = device.rx2_dr


def read_group(place: str, name: str, values: object) -> MulticastGroup:
    reader = Reader(place, values, GROUP_FIELDS)
    group = MulticastGroup(
        reader.text("name", name),
        int.from_bytes(reader.hex("dev_addr", 4), "big"),
        reader.hex("nwk_s_key", 16),
        reader.hex("app_s_key", 16),
    )
    if reader.has("freq_mhz"):
        group.freq = round(reader.numbers("freq_mhz")[0] * 1e6)
    if reader.has("dr"):
        group.dr = reader.number("dr", 0, 15)
    return group


SESSION_NUMBERS = (
    "dev_addr",
    "fcnt_up",
    "fcnt_down",
    "rx_delay",
    "rx1_offset",
    "rx2_dr",
    "rx2_freq",
    "dwell_up",
    "dwell_down",
    "dr",
    "power",
    "nb_trans",
    "copies",
)


def session_to_json(session: Session | None) -> dict[str, object] | None:
    if session is None:
        return None
    return {
        **{name: getattr(session, name) for name in SESSION_NUMBERS},
        "nwk_s_key": session.nwk_s_key.hex(),
        "app_s_key": session.app_s_key.hex(),
        "plan": session.plan,
        "channels": list(session.channels.items()),
        "enabled": sorted(session.enabled),
        "moved": list(session.moved.items()),
        "last_uplink": session.last_uplink.hex(),
    }


def session_from_json(value: dict[str, object] | None) -> Session | None:
    if value is None:
        return None
    values: dict[str, object] = {name: value[name] for name in SESSION_NUMBERS}
    values["plan"] = value["plan"]
    for name in ("nwk_s_key", "app_s_key", "last_uplink"):
        values[name] = bytes.fromhex(str(value[name]))
    for name in ("channels", "moved"):
        values[name] = dict(value[name])  # type: ignore[call-overload]
    values["enabled"] = set(value["enabled"])  # type: ignore[call-overload]
    return Session(**values)  # type: ignore[arg-type]


def same_keys(one: Session | None, other: Session | None) -> bool:
    """Whether two are the same activation, at whatever counter."""
    return (
        one is not None
        and other is not None
        and (one.dev_addr, one.nwk_s_key, one.app_s_key)
        == (other.dev_addr, other.nwk_s_key, other.app_s_key)
    )


def save_state(
    path: Path, devices: Iterable[Device], groups: Iterable[MulticastGroup] = ()
) -> None:
    """Write what must survive a restart; a crash leaves the old file or the new one."""
    content = {
        "devices": {
            device.name: {
                "dev_eui": f"{device.dev_eui:016x}",
                "dev_nonces": sorted(device.dev_nonces),
                "join_nonce": device.join_nonce,
                "session": session_to_json(device.session),
                "next_session": session_to_json(device.next_session),
                "gateway": device.gateway.hex() if device.gateway else None,
            }
            for device in devices
        },
        "groups": {group.name: group.fcnt for group in groups},
    }
    new = path.with_name(path.name + ".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def load_state(
    path: Path, devices: dict[str, Device], groups: dict[str, MulticastGroup]
) -> list[Session]:
    """Give devices and groups that still exist their state back; the sessions."""
    content = read_json(path)
    try:
        assert isinstance(content, dict)
        sessions = []
        for name, value in content["devices"].items():
            device = devices.get(name)
            if device is None or value["dev_eui"] != f"{device.dev_eui:016x}":
                continue  # another device now
            session = session_from_json(value["session"])
            if device.app_key is None and not same_keys(session, device.session):
                continue  # ABP, and the device file has a new session
            device.dev_nonces = set(value["dev_nonces"])
            device.join_nonce = value["join_nonce"]
            device.session = session
            device.next_session = session_from_json(value["next_session"])
            device.gateway = bytes.fromhex(value["gateway"]) if value["gateway"] else None
            sessions += [one for one in (device.session, device.next_session) if one]
        for name, fcnt in content["groups"].items():
            if name in groups:
                groups[name].fcnt = fcnt
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError):
        raise FileError(f"{path}: no state of this server; remove it to begin anew") from None
    return sessions
