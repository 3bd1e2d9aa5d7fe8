# SPDX-License-Identifier: MIT
"""What the server knows of a device, of its session and of a multicast group."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from lorawan_server.regions import Region

VERSIONS = ("1.0.2", "1.0.3", "1.0.4")
# A confirmed or repeated uplink comes at most so often with one counter.
NB_TRANS_MAX = 15
# Up to 1.0.3 a counter that jumps by more is refused.
MAX_FCNT_GAP = 16384
ADR_HISTORY = 20


@dataclass
class Downlink:
    """Application data, or nothing but options, that waits for a window."""

    port: int | None = None
    payload: bytes = b""
    confirmed: bool = False
    window: str = "auto"  # auto: RX1, then RX2; rx1; rx2; c: at once on RX2
    repeats: int = 0  # of a confirmed one that is not acknowledged
    # A test's own frame counter, and bits it sets in MHDR and FCtrl.
    fcnt: int | None = None
    mhdr_bits: int = 0
    fctrl_bits: int = 0


@dataclass
class Command:
    """A MAC command that waits to be sent, or for its answer."""

    cid: int
    raw: bytes  # with the CID
    values: dict[str, int] = field(default_factory=dict)
    wants_answer: bool = True
    sent: int = 0


@dataclass
class Session:
    """One activation of a device."""

    dev_addr: int
    nwk_s_key: bytes = field(repr=False)
    app_s_key: bytes = field(repr=False)
    plan: str = ""
    fcnt_up: int = -1  # of the last uplink that was taken
    fcnt_down: int = 0  # of the next downlink
    rx_delay: int = 1
    rx1_offset: int = 0
    rx2_dr: int = 0
    rx2_freq: int = 0
    dwell_up: bool = False
    dwell_down: bool = False
    # Index -> frequency of an uplink channel, and those that LinkADRReq left on.
    channels: dict[int, int] = field(default_factory=dict)
    enabled: set[int] = field(default_factory=set)
    # Uplink frequency -> frequency of RX1, where DlChannelReq moved it.
    moved: dict[int, int] = field(default_factory=dict)
    dr: int | None = None
    power: int = 0
    nb_trans: int = 1
    last_uplink: bytes = b""
    copies: int = 0
    snr: deque[float] = field(default_factory=lambda: deque(maxlen=ADR_HISTORY))

    @classmethod
    def start(
        cls, region: Region, dev_addr: int, nwk_s_key: bytes, app_s_key: bytes, plan: str = ""
    ) -> Session:
        """A session as a device of this region begins it."""
        channels = region.plan(plan)
        session = cls(dev_addr, nwk_s_key, app_s_key, plan)
        session.rx2_dr = region.rx2_dr
        session.rx2_freq = channels.rx2_freq
        session.channels = dict(enumerate(channels.up))
        session.enabled = set(session.channels)
        return session


@dataclass
class Device:
    """A device, by OTAA (app_key) or ABP (a session from the start)."""

    name: str
    dev_eui: int = 0
    join_eui: int = 0
    app_key: bytes | None = field(default=None, repr=False)
    version: str = "1.0.4"
    device_class: str = "A"
    adr: bool = True
    # What a join hands out.
    rx_delay: int = 1
    rx1_offset: int = 0
    rx2_dr: int | None = None
    cflist: bytes | None = None
    dev_addr: int | None = None
    # Up to 1.0.3 an ABP device may begin again at 0 after a reset.
    counters_may_restart: bool = False
    session: Session | None = None
    # The session of a join that the device has not used yet.
    next_session: Session | None = None
    dev_nonces: set[int] = field(default_factory=set)
    join_nonce: int = 0
    # Where it was heard last: the gateway, for Class C.
    gateway: bytes | None = None
    queue: deque[Downlink] = field(default_factory=deque)
    commands: deque[Command] = field(default_factory=deque)
    asked: deque[Command] = field(default_factory=deque)
    # A confirmed downlink that is on its way.
    unacknowledged: Downlink | None = None
    battery: int | None = None
    margin: int | None = None

    def __post_init__(self) -> None:
        if self.version not in VERSIONS:
            raise ValueError(
                f"version '{self.version}' of device '{self.name}'; choose {', '.join(VERSIONS)}"
            )
        if self.device_class not in ("A", "C"):
            raise ValueError(f"class '{self.device_class}' of device '{self.name}'; choose A or C")

    @property
    def counts_nonces(self) -> bool:
        """From 1.0.4 on DevNonce is a counter, and counters never skip back."""
        return self.version == "1.0.4"

    @property
    def commands_in_class_c(self) -> bool:
        """From 1.0.4 on only Class A downlinks carry MAC commands."""
        return self.version != "1.0.4"


@dataclass
class MulticastGroup:
    """A Class C multicast group."""

    name: str
    dev_addr: int
    nwk_s_key: bytes = field(repr=False)
    app_s_key: bytes = field(repr=False)
    freq: int = 0  # 0: RX2 of the region
    dr: int | None = None
    fcnt: int = 0
