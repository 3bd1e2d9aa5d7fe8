"""network.LoRa and network.Sigfox of usocket; the port's own names (WLAN, ...) are not repeated here."""

import socket
from collections.abc import Callable
from typing import ClassVar, NamedTuple, TypeAlias, TypeVar, overload

BytesLike: TypeAlias = bytes | bytearray | memoryview

_T = TypeVar("_T")

class _Stats(NamedTuple):
    rx_timestamp: int
    rssi: int
    snr: float
    sfrx: int
    sftx: int
    tx_trials: int
    tx_power: int
    tx_time_on_air: int
    tx_counter: int
    tx_frequency: int

class _Counters(NamedTuple):
    rx_frames: int
    rx_dropped: int
    rx_crc_errors: int
    tx_frames: int
    tx_failed: int
    tx_cancelled: int
    lbt_busy: int
    faults: int
    lost_edges: int

class _Status(NamedTuple):
    joined: bool
    activation: str
    doing: str
    wait_ms: int
    dev_addr: int
    net_id: int
    dr: int
    tx_power: int
    eirp: int
    room: int
    nb_trans: int
    fcnt_up: int
    fcnt_down: int
    rx1_delay: int
    rx1_offset: int
    rx2_dr: int
    rx2_frequency: int
    device_class: int
    adr: bool
    adr_ack_count: int
    duty_cycle: bool
    max_duty: int
    dev_nonce: int
    join_attempts: int
    downlinks: int
    ignored: tuple[int, int, int, int]
    clock_ppm: int
    windows: int
    windows_missed: int
    window_late_us: int
    window_early_us: int
    receiver_ms: int
    battery: int

class _Link(NamedTuple):
    margin: int
    gateways: int

class _DeviceTime(NamedTuple):
    seconds: int
    microseconds: int

class _Compliance(NamedTuple):
    enabled: bool
    running: bool
    state: int
    tx_confirmed: bool
    downlink_counter: int
    link_check: bool
    demod_margin: int
    nbr_gateways: int

class LoRa:
    LORA: int
    LORAWAN: int
    OTAA: int
    ABP: int
    ALWAYS_ON: int
    TX_ONLY: int
    SLEEP: int
    BW_125KHZ: int
    BW_250KHZ: int
    BW_500KHZ: int
    CODING_4_5: int
    CODING_4_6: int
    CODING_4_7: int
    CODING_4_8: int
    RX_PACKET_EVENT: int
    TX_PACKET_EVENT: int
    TX_FAILED_EVENT: int
    CLASS_A: int
    CLASS_C: int
    AS923: int
    AU915: int
    CN470: int
    EU433: int
    EU868: int
    IN865: int
    US915: int
    KR920: int
    RU864: int
    AS923_2: int
    AS923_3: int
    AS923_4: int
    timeout: ClassVar[type[OSError]]

    def __init__(
        self,
        id: int = ...,
        *,
        mode: int = ...,
        region: int | None = ...,
        frequency: int = ...,
        tx_power: int = ...,
        bandwidth: int = ...,
        sf: int = ...,
        preamble: int = ...,
        coding_rate: int = ...,
        power_mode: int = ...,
        tx_iq: bool = ...,
        rx_iq: bool = ...,
        adr: bool = ...,
        public: bool = ...,
        tx_retries: int = ...,
        device_class: int = ...,
        sub_band: int = ...,
        duty_cycle: bool = ...,
    ) -> None: ...
    def init(
        self,
        *,
        mode: int = ...,
        region: int | None = ...,
        frequency: int = ...,
        tx_power: int = ...,
        bandwidth: int = ...,
        sf: int = ...,
        preamble: int = ...,
        coding_rate: int = ...,
        power_mode: int = ...,
        tx_iq: bool = ...,
        rx_iq: bool = ...,
        adr: bool = ...,
        public: bool = ...,
        tx_retries: int = ...,
        device_class: int = ...,
        sub_band: int = ...,
        duty_cycle: bool = ...,
    ) -> None: ...
    @overload
    def frequency(self) -> int: ...
    @overload
    def frequency(self, hz: int, /) -> None: ...
    @overload
    def tx_power(self) -> int: ...
    @overload
    def tx_power(self, dbm: int, /) -> None: ...
    @overload
    def bandwidth(self) -> int: ...
    @overload
    def bandwidth(self, bandwidth: int, /) -> None: ...
    @overload
    def sf(self) -> int: ...
    @overload
    def sf(self, sf: int, /) -> None: ...
    @overload
    def preamble(self) -> int: ...
    @overload
    def preamble(self, symbols: int, /) -> None: ...
    @overload
    def coding_rate(self) -> int: ...
    @overload
    def coding_rate(self, coding_rate: int, /) -> None: ...
    @overload
    def power_mode(self) -> int: ...
    @overload
    def power_mode(self, power_mode: int, /) -> None: ...
    @overload
    def callback(
        self, trigger: int | None, handler: Callable[[LoRa], object] | None = ..., arg: None = ...
    ) -> None: ...
    @overload
    def callback(self, trigger: int, handler: Callable[[_T], object], arg: _T) -> None: ...
    def events(self) -> int: ...
    def stats(self) -> _Stats: ...
    def counters(self) -> _Counters: ...
    def last_error(self) -> str: ...
    def ischannel_free(self, rssi_threshold: int, time_ms: int = ..., /) -> bool: ...
    def airtime(self, length: int, /) -> int: ...
    def mac(self) -> bytes: ...
    def reset(self) -> None: ...
    @overload
    def join(
        self,
        activation: int,
        *,
        auth: tuple[BytesLike, BytesLike] | tuple[BytesLike, BytesLike, BytesLike],
        dr: int | None = ...,
        timeout: int | None = ...,
    ) -> None: ...
    @overload
    def join(
        self,
        activation: int,
        *,
        auth: tuple[int, BytesLike, BytesLike],
        dr: int | None = ...,
        timeout: int | None = ...,
    ) -> None: ...
    def has_joined(self) -> bool: ...
    def join_multicast_group(
        self, mcAddress: int, mcNwkKey: BytesLike, mcAppKey: BytesLike
    ) -> bool: ...
    def leave_multicast_group(self, mcAddress: int, /) -> bool: ...
    def add_channel(self, index: int, *, frequency: int, dr_min: int, dr_max: int) -> None: ...
    def remove_channel(self, index: int, /) -> None: ...
    def nvram_save(self) -> None: ...
    def nvram_restore(self) -> None: ...
    def nvram_erase(self) -> None: ...
    def set_battery_level(self, level: int, /) -> None: ...
    @overload
    def compliance_test(self) -> _Compliance: ...
    @overload
    def compliance_test(
        self, enable: bool, state: int = ..., link_check: bool = ..., /
    ) -> None: ...
    def link_check(self, timeout: int | None = ..., /) -> _Link | None: ...
    def device_time(self, timeout: int | None = ..., /) -> _DeviceTime | None: ...
    def status(self) -> _Status: ...

class Sigfox:
    SIGFOX: int
    FSK: int
    RCZ1: int
    RCZ2: int
    RCZ3: int
    RCZ4: int
    RCZ5: int
    RCZ6: int
    RCZ7: int
    timeout: type[socket.timeout]

    def __init__(
        self, id: int = 0, mode: int = 0, rcz: int = 0, *, frequency: int | None = None
    ) -> None:
        """The one Sigfox object; set up if it was not, or if told how.

        frequency (863 to 928 MHz) is for FSK, frames between devices, which keeps the radio.
        """

    def init(self, mode: int = 0, rcz: int = 0, *, frequency: int | None = None) -> None:
        """OSError EBUSY while a message is under way."""

    def reset(self) -> None:
        """End what is under way, and reset the chip if it is in use."""

    def provision(self, id: BytesLike, pac: BytesLike, key: BytesLike) -> None:
        """Keep the device's number (4 bytes, as printed), PAC (8) and key (16)."""

    def id(self) -> bytes:
        """The device's number; OSError ENETDOWN if it has none."""

    def pac(self) -> bytes: ...
    def mac(self) -> bytes:
        """The radio's EUI-64."""

    @overload
    def public_key(self) -> bool: ...
    @overload
    def public_key(self, use: bool) -> None:
        """Use the public test key instead of the device's own, both ways."""

    @overload
    def counter(self) -> int:
        """Of the message sent last, 0 to 4095."""

    @overload
    def counter(self, value: int) -> None: ...
    def rssi(self) -> int:
        """dBm of the last downlink, 0 before there was one."""

    @overload
    def rssi_offset(self) -> int: ...
    @overload
    def rssi_offset(self, db: int) -> None: ...
    @overload
    def freq_offset(self) -> int: ...
    @overload
    def freq_offset(self, hz: int) -> None:
        """Added to every frequency; kept in the store."""

    def frequencies(self) -> tuple[int, int]:
        """Centres of uplink and downlink in Hz."""

    def version(self) -> str: ...
    def info(self) -> tuple[int, int] | None:
        """RCZ2, RCZ4: on the default macro channel?, free micro channels. RCZ3, RCZ5: frames
        sent and times listened, of the last message. Else None."""

    @overload
    def config(self) -> tuple[int, int, int]: ...
    @overload
    def config(self, words: tuple[int, int, int]) -> None:
        """RCZ2, RCZ4: a mask of macro channels, which take turns. RCZ3, RCZ5: tries, limit
        in ms, reserved."""

    def cw(self, frequency: int, on: bool, level: int = 70) -> None:
        """A carrier, to calibrate a board on a bench: in the zone's band, 8 s at most."""

    def test_mode(
        self, mode: int, config: int
    ) -> int | tuple[int, int] | tuple[int, int | None] | tuple[int, int, int | None, int | None]:
        """A test on a bench; blocks. 0 TX BPSK, 1 TX protocol, 5 TX synthesis: config rounds;
        how many were sent. 2 RX protocol: config seconds; (good, bad). 3 RX GFSK: (packets,
        RSSI). 4 RX sensitivity: (good, bad, lowest RSSI, highest RSSI)."""

    def last_error(self) -> str:
        """The last refusal or failure in words."""
