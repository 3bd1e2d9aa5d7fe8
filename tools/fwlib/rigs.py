"""Rigs: what firmware runs on, from tests/target/rigs/NAME.json. Every field is checked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fwlib.paths import REPO, shown
from fwlib.steps import FwError

RIGS = REPO / "tests" / "target" / "rigs"
KINDS = ("host", "qemu", "hil")
SUITES = ("harness", "device", "console", "reset", "pair", "lorawan", "wifi", "sigfox")
# Suites that need a second board, and what a board must have for a suite.
OF_TWO = ("pair", "lorawan")
NEEDS = {"pair": "lora", "lorawan": "lora", "wifi": "inet", "sigfox": "sigfox"}
FEATURES = ("inet", "tls", "wifi", "lora", "sigfox", "thread")
IMAGES = ("m3", "esp32")
REGIONS = ("EU868", "US915", "AU915", "AS923", "IN865", "CN470", "EU433", "KR920", "RU864")
RESETS = ("rts", "none")
# dBm: the least that network.LoRa takes, and the most that it may be told here.
POWER_MIN, POWER_MAX = 2, 20
SECRETS = ("password", "passphrase", "key", "psk", "secret", "token", "ssid")


class RigError(FwError):
    """A rig that is not there or not right."""


@dataclass(frozen=True)
class BoardPlan:
    """One board of a rig."""

    name: str
    board: str
    features: tuple[str, ...]
    wiring: str = ""
    # kind hil: where it is; empty means that --port tells.
    port: str = ""
    baud: int = 115200
    reset: str = "rts"
    # kind qemu: which image.
    image: str = ""
    # kind host: USOCKET_... settings of the firmware.
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """What may go out on the air."""

    region: str = "EU868"
    tx_power: int = POWER_MIN
    duty_cycle: bool = True
    # What two boards may hear of each other, dBm: closer overloads, farther is not connected.
    rssi_min: int = -120
    rssi_max: int = 0


@dataclass(frozen=True)
class Peers:
    """What is around: names of environment variables, never a password."""

    ssid_env: str = ""
    key_env: str = ""
    # The PC as the boards see it; empty: the address that leads to them.
    pc: str = ""


@dataclass(frozen=True)
class Rig:
    """A rig as its file describes it."""

    name: str
    about: str
    kind: str
    boards: tuple[BoardPlan, ...]
    suites: tuple[str, ...]
    limits: Limits
    peers: Peers
    # kind host: how fast the air between the boards runs, for each suite.
    air: Mapping[str, float] = field(default_factory=dict)

    @property
    def on_air(self) -> bool:
        """Whether what it sends can be heard by others."""
        return self.kind == "hil"


class Reader:
    """Takes the fields of a JSON object; every complaint says file, field and value."""

    def __init__(self, source: str, values: object, where: str = "") -> None:
        self.source = source
        self.where = where
        self.values: dict[str, Any] = {}
        if not isinstance(values, dict):
            self.fail("", values, "write an object: { ... }")
        else:
            self.values = dict(values)

    def fail(self, name: str, value: object, todo: str) -> Any:
        place = f"{self.where}{name}" or "the file"
        raise RigError(f"rig {self.source}: {place} is {value!r}", todo)

    def take(self, name: str, kind: type, default: Any = None, *, required: bool = False) -> Any:
        if name not in self.values:
            if required:
                raise RigError(
                    f"rig {self.source}: {self.where}{name} is missing",
                    f"add it: a {kind.__name__}",
                )
            return default
        value = self.values.pop(name)
        if kind is not bool and isinstance(value, bool) or not isinstance(value, kind):
            self.fail(name, value, f"write a {kind.__name__}")
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.take(name, int, default)
        if not low <= value <= high:
            self.fail(name, value, f"choose {low} to {high}")
        return int(value)

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        value = self.take(name, str, default, required=default is None)
        if value not in choices and value != default:
            self.fail(name, value, f"choose one of: {', '.join(choices)}")
        return str(value)

    def some(self, name: str, choices: tuple[str, ...]) -> tuple[str, ...]:
        values = self.take(name, list, required=True)
        for value in values:
            if value not in choices:
                self.fail(name, value, f"choose from: {', '.join(choices)}")
        return tuple(values)

    def part(self, name: str) -> "Reader":
        return Reader(self.source, self.take(name, dict, {}), f"{self.where}{name}.")

    def texts(self, name: str) -> dict[str, str]:
        values = self.take(name, dict, {})
        for key, value in values.items():
            if not isinstance(value, str):
                self.fail(f"{name}.{key}", value, "write a string")
        return dict(values)

    def end(self) -> None:
        for name in self.values:
            if name.lower() in SECRETS:
                raise RigError(
                    f"rig {self.source}: {self.where}{name} does not belong in a file",
                    "name environment variables instead, in peers.ssid_env and peers.key_env",
                )
            self.fail(name, self.values[name], "remove it: there is no such field")


def read_board(reader: Reader, kind: str) -> BoardPlan:
    name = reader.take("name", str, required=True)
    board = reader.take("board", str, required=True)
    common: dict[str, Any] = {
        "features": reader.some("features", FEATURES),
        "wiring": reader.take("wiring", str, ""),
    }
    if kind == "hil":
        common["port"] = reader.take("port", str, "")
        common["baud"] = reader.number("baud", 115200, 9600, 3_000_000)
        common["reset"] = reader.choice("reset", RESETS, "rts")
    elif kind == "qemu":
        common["image"] = reader.choice("image", IMAGES)
    else:
        common["env"] = reader.texts("env")
        for variable in common["env"]:
            if not variable.startswith("USOCKET_"):
                reader.fail("env", variable, "use the firmware's settings, USOCKET_...")
    reader.end()
    return BoardPlan(name, board, **common)


def read_limits(reader: Reader) -> Limits:
    limits = Limits(
        region=reader.choice("region", REGIONS, "EU868"),
        tx_power=reader.number("tx_power", POWER_MIN, POWER_MIN, POWER_MAX),
        duty_cycle=reader.take("duty_cycle", bool, True),
        rssi_min=reader.number("rssi_min", -120, -150, 20),
        rssi_max=reader.number("rssi_max", 0, -150, 20),
    )
    reader.end()
    return limits


def read_peers(reader: Reader) -> Peers:
    peers = Peers(
        ssid_env=reader.take("ssid_env", str, ""),
        key_env=reader.take("key_env", str, ""),
        pc=reader.take("pc", str, ""),
    )
    reader.end()
    return peers


def read_air(reader: Reader, kind: str) -> dict[str, float]:
    air = reader.take("air", dict, {})
    if air and kind != "host":
        reader.fail("air", air, "remove it: only the air of host firmwares has a speed")
    for suite, factor in air.items():
        if suite not in SUITES or not isinstance(factor, int | float) or factor <= 0:
            reader.fail(f"air.{suite}", factor, f"write SUITE: FACTOR, of {', '.join(SUITES)}")
    return {suite: float(factor) for suite, factor in air.items()}


def check_suites(reader: Reader, rig: Rig) -> None:
    names = [board.name for board in rig.boards]
    for name in names:
        if names.count(name) > 1 or not name.isidentifier():
            reader.fail("boards[].name", name, "give each board a different name, one word")
    for suite in rig.suites:
        if suite in OF_TWO and len(rig.boards) < 2:
            reader.fail("suites", suite, "add a second board: this suite needs two")
        if suite == "harness" and rig.kind != "host":
            reader.fail("suites", suite, "remove it: the harness is tested with kind host")
        need = NEEDS.get(suite)
        if need is not None and not any(need in board.features for board in rig.boards):
            reader.fail("suites", suite, f"give a board the feature {need}, which it needs")
    if rig.kind == "qemu" and len(rig.boards) != 1:
        reader.fail("boards", len(rig.boards), "write one board: an image in QEMU is alone")


def parse(name: str, text: str, source: str) -> Rig:
    """A rig from a file's text; RigError says what is wrong and what to do."""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise RigError(f"rig {source}: not JSON: {error}", "correct the file there") from None
    reader = Reader(source, values)
    kind = reader.choice("kind", KINDS)
    boards = reader.take("boards", list, required=True)
    if not boards:
        reader.fail("boards", boards, "describe one board at least")
    rig = Rig(
        name=name,
        about=reader.take("about", str, required=True),
        kind=kind,
        boards=tuple(
            read_board(Reader(source, board, f"boards[{i}]."), kind)
            for i, board in enumerate(boards)
        ),
        suites=reader.some("suites", SUITES),
        limits=read_limits(reader.part("limits")),
        peers=read_peers(reader.part("peers")),
        air=read_air(reader, kind),
    )
    reader.end()
    check_suites(reader, rig)
    return rig


def names() -> list[str]:
    return sorted(path.stem for path in RIGS.glob("*.json"))


def load(name: str) -> Rig:
    """The rig of that name."""
    path = RIGS / f"{name}.json"
    if not path.is_file():
        raise RigError(
            f"there is no rig '{name}' ({shown(path)})",
            f"choose from: {', '.join(names())}; or write that file",
        )
    return parse(name, path.read_text(), shown(path))


def ports(options: list[str], rig: Rig) -> dict[str, str]:
    """Board -> port, from the rig and from --port [BOARD=]PORT."""
    found = {board.name: board.port for board in rig.boards}
    for option in options:
        name, equals, port = option.rpartition("=")
        if not equals and len(rig.boards) == 1:
            name = rig.boards[0].name
        if name not in found:
            raise RigError(
                f"--port {option} names no board of rig {rig.name}",
                f"write BOARD=PORT; its boards are: {', '.join(found)}",
            )
        found[name] = port
    return found


Environment = Callable[[str], str | None]


def wifi(rig: Rig, env: Environment) -> tuple[str, str] | None:
    """Name and key of the rig's Wi-Fi, from the environment; None if it needs none."""
    if not rig.peers.ssid_env:
        return None
    ssid = env(rig.peers.ssid_env)
    if not ssid:
        raise RigError(
            f"rig {rig.name}: {rig.peers.ssid_env} is not set in the environment",
            "set it to the Wi-Fi's name, and the key's variable to its key",
        )
    return ssid, (env(rig.peers.key_env) or "") if rig.peers.key_env else ""
