# SPDX-License-Identifier: MIT
"""What a network server must know of a region (RP002): rates, channels, RX1 and RX2.

Frequencies are Hz. These tables are the server's own, so that a mistake in the
device's tables shows as a window that is missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rate:
    """A data rate: LoRa with spreading factor and kHz, or FSK (sf is 0)."""

    sf: int
    bw_khz: int

    @property
    def datr(self) -> str | int:
        """As the Semtech protocol writes it."""
        return f"SF{self.sf}BW{self.bw_khz}" if self.sf else 50000

    @staticmethod
    def of(datr: object) -> Rate:
        """The rate that the Semtech protocol writes so; ValueError for anything else."""
        if isinstance(datr, int) and datr == 50000:
            return FSK
        if isinstance(datr, str) and datr.startswith("SF"):
            sf, _, bandwidth = datr[2:].partition("BW")
            if sf.isdigit() and bandwidth.isdigit():
                return Rate(int(sf), int(bandwidth))
        raise ValueError(f"data rate {datr!r} is neither SFnBWn nor 50000")


FSK = Rate(0, 0)


def lora(bw_khz: int, first: int, *factors: int) -> dict[int, Rate]:
    """Rates of one bandwidth, numbered from first."""
    return {first + i: Rate(sf, bw_khz) for i, sf in enumerate(factors)}


def steps(first: int, step: int, count: int) -> tuple[int, ...]:
    """Evenly spaced frequencies."""
    return tuple(first + i * step for i in range(count))


SIX = lora(125, 0, 12, 11, 10, 9, 8, 7)
EIGHT = {**SIX, 6: Rate(7, 250), 7: FSK}
DOWN_500 = lora(500, 8, 12, 11, 10, 9, 8, 7)

Rows = Mapping[int, tuple[int, ...]]


def falling(rates: int, offsets: int, lowest: int = 0) -> dict[int, tuple[int, ...]]:
    """One rate down for each step of the offset, no lower than lowest."""
    return {
        dr: tuple(max(dr - off, lowest) if dr else 0 for off in range(offsets))
        for dr in range(rates)
    }


def rows(*text: str) -> dict[int, tuple[int, ...]]:
    """A table: a row of rates for each uplink rate from 0."""
    return {dr: tuple(int(n) for n in row.split()) for dr, row in enumerate(text)}


AS923_RX1 = rows(
    "0 0 0 0 0 0 1 2",
    "1 0 0 0 0 0 2 3",
    "2 1 0 0 0 0 3 4",
    "3 2 1 0 0 0 4 5",
    "4 3 2 1 0 0 5 6",
    "5 4 3 2 1 0 6 7",
    "6 5 4 3 2 1 7 7",
    "7 6 5 4 3 2 7 7",
)
AS923_RX1_DWELL = {dr: tuple(max(down, 2) for down in row) for dr, row in AS923_RX1.items()}
IN865_RX1 = {
    **{dr: row for dr, row in AS923_RX1.items() if dr < 4},
    4: (4, 3, 2, 1, 0, 0, 5, 5),
    5: (5, 4, 3, 2, 1, 0, 5, 7),
    7: (7, 5, 5, 4, 3, 2, 7, 7),
}
US915_RX1 = rows("10 9 8 8", "11 10 9 8", "12 11 10 9", "13 12 11 10", "13 13 12 11")
AU915_RX1 = rows(
    "8 8 8 8 8 8",
    "9 8 8 8 8 8",
    "10 9 8 8 8 8",
    "11 10 9 8 8 8",
    "12 11 10 9 8 8",
    "13 12 11 10 9 8",
    "13 13 12 11 10 9",
)

ROOM_EU = {0: 51, 1: 51, 2: 51, 3: 115, 4: 242, 5: 242, 6: 242, 7: 242}
ROOM_AS = {0: 51, 1: 51, 2: 115, 3: 115, 4: 242, 5: 242, 6: 242, 7: 242}
ROOM_DWELL = {2: 11, 3: 53, 4: 125, 5: 242, 6: 242, 7: 242}
ROOM_500 = {8: 53, 9: 129, 10: 242, 11: 242, 12: 242, 13: 242}
ROOM_CN = {1: 23, 2: 86, 3: 184, 4: 242, 5: 242, 6: 242, 7: 242}


@dataclass(frozen=True)
class Plan:
    """Channels of a plan, and where the answer to each of them is."""

    up: tuple[int, ...]
    down: tuple[int, ...] = ()  # empty: on the same frequency
    rx2_freq: int = 0
    # Join channel -> (frequency of RX1, frequency of RX2), where they select the plan.
    joins: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    def rx1(self, freq: int) -> int:
        """Where the answer to an uplink goes; KeyError when it is no channel."""
        if not self.down:
            return freq
        try:
            return self.down[self.up.index(freq) % len(self.down)]
        except ValueError:
            raise KeyError(freq) from None


@dataclass(frozen=True)
class Region:
    """A region as the network sees it."""

    name: str
    up: Mapping[int, Rate]
    rx1: Rows
    room: Mapping[int, int]  # rate of a downlink -> longest FRMPayload
    rx2_dr: int
    plans: Mapping[str, Plan]
    down: Mapping[int, Rate] = field(default_factory=dict)  # empty: same as up
    rx1_dwell: Rows | None = None
    room_dwell: Mapping[int, int] | None = None
    cflist_type: int = 0
    masks: str = "dynamic"  # how LinkADRReq selects channels: dynamic, fixed72, cn470
    power_steps: int = 7
    power_dbm: int = 14  # what the gateway is told
    # Rates that ADR may choose.
    adr_rates: tuple[int, ...] = (0, 1, 2, 3, 4, 5)

    def plan(self, name: str = "") -> Plan:
        """A plan by name, or the one that is meant without a name."""
        if not name:
            return next(iter(self.plans.values()))
        if name not in self.plans:
            known = ", ".join(filter(None, self.plans))
            raise ValueError(f"{self.name} has no plan '{name}'; choose from: {known or 'none'}")
        return self.plans[name]

    def plan_of_join(self, freq: int) -> str:
        """The name of the plan that a join channel selects."""
        return next((name for name, plan in self.plans.items() if freq in plan.joins), "")

    def uplink_dr(self, rate: Rate) -> int:
        """Number of an uplink's rate; KeyError where the region has no such uplink."""
        for dr, known in self.up.items():
            if known == rate:
                return dr
        raise KeyError(rate)

    def downlink(self, dr: int) -> Rate:
        """A downlink's rate by its number."""
        return (self.down or self.up)[dr]

    def rx1_dr(self, dr: int, offset: int, dwell: bool = False) -> int:
        """Rate of RX1; KeyError for an offset that the region does not have."""
        table = self.rx1_dwell if dwell and self.rx1_dwell else self.rx1
        row = table[dr]
        if offset >= len(row):
            raise KeyError(offset)
        return row[offset]

    def rx1_offsets(self) -> int:
        """How many offsets there are."""
        return len(next(iter(self.rx1.values())))

    def longest(self, dr: int, dwell: bool = False) -> int:
        """Longest FRMPayload of a downlink, without options; KeyError for an unused rate."""
        return (self.room_dwell if dwell and self.room_dwell else self.room)[dr]


def dynamic(name: str, rx2_freq: int, rx2_dr: int, *channels: int, **more: object) -> Region:
    """A region whose networks add channels to a few default ones."""
    values: dict[str, object] = {"up": EIGHT, "rx1": falling(8, 6), "room": ROOM_EU, **more}
    plans = {"": Plan(channels, rx2_freq=rx2_freq)}
    return Region(name, rx2_dr=rx2_dr, plans=plans, **values)  # type: ignore[arg-type]


def as923(number: int, offset: int) -> Region:
    """The four AS923 differ in an offset of all frequencies."""
    return dynamic(
        f"AS923-{number}",
        923_200_000 + offset,
        2,
        923_200_000 + offset,
        923_400_000 + offset,
        rx1=AS923_RX1,
        rx1_dwell=AS923_RX1_DWELL,
        room=ROOM_AS,
        room_dwell=ROOM_DWELL,
    )


def fixed72(
    name: str, first: int, first_500: int, up: dict[int, Rate], rx1: Rows, adr: int
) -> Region:
    """US915 and AU915: 64 narrow and 8 wide channels, 8 channels down."""
    channels = steps(first, 200_000, 64) + steps(first_500, 1_600_000, 8)
    plan = Plan(channels, steps(923_300_000, 600_000, 8), 923_300_000)
    return Region(
        name,
        up,
        rx1,
        ROOM_500,
        8,
        {"": plan},
        down=DOWN_500,
        cflist_type=1,
        masks="fixed72",
        power_steps=14,
        power_dbm=26,
        adr_rates=tuple(range(adr)),
    )


CN_UP_A = steps(470_300_000, 200_000, 32) + steps(503_500_000, 200_000, 32)
CN_20B = steps(476_900_000, 200_000, 32) + steps(496_900_000, 200_000, 32)
CN_JOIN_20A = (470_900_000, 472_500_000, 474_100_000, 475_700_000) + (
    504_100_000,
    505_700_000,
    507_300_000,
    508_900_000,
)
CN470_PLANS = {
    "20A": Plan(
        CN_UP_A,
        steps(483_900_000, 200_000, 32) + steps(490_300_000, 200_000, 32),
        486_900_000,
        {
            freq: (484_500_000 + 1_600_000 * i, 485_300_000 + 1_600_000 * i)
            for i, freq in enumerate(CN_JOIN_20A)
        },
    ),
    "20B": Plan(
        CN_20B,
        (),
        498_300_000,
        {
            479_900_000: (479_900_000, 478_300_000),
            499_900_000: (499_900_000, 498_300_000),
        },
    ),
    "26A": Plan(
        steps(470_300_000, 200_000, 48),
        steps(490_100_000, 200_000, 24),
        492_500_000,
        {freq: (492_500_000, 492_500_000) for freq in steps(470_300_000, 2_000_000, 5)},
    ),
    "26B": Plan(
        steps(480_300_000, 200_000, 48),
        steps(500_100_000, 200_000, 24),
        502_500_000,
        {freq: (502_500_000, 502_500_000) for freq in steps(480_300_000, 2_000_000, 5)},
    ),
}
CN470_RATES = {**SIX, 6: Rate(7, 500), 7: FSK}

_ALL = (
    dynamic("EU868", 869_525_000, 0, *steps(868_100_000, 200_000, 3)),
    dynamic("EU433", 434_665_000, 0, *steps(433_175_000, 200_000, 3), power_steps=5),
    dynamic(
        "IN865",
        866_550_000,
        2,
        865_062_500,
        865_402_500,
        865_985_000,
        up={dr: rate for dr, rate in EIGHT.items() if dr != 6},
        rx1=IN865_RX1,
        power_steps=10,
    ),
    dynamic(
        "KR920",
        921_900_000,
        0,
        *steps(922_100_000, 200_000, 3),
        up=SIX,
        rx1=falling(6, 6),
    ),
    dynamic("RU864", 869_100_000, 0, 868_900_000, 869_100_000),
    as923(1, 0),
    as923(2, -1_800_000),
    as923(3, -6_600_000),
    as923(4, -5_900_000),
    fixed72(
        "US915",
        902_300_000,
        903_000_000,
        {**lora(125, 0, 10, 9, 8, 7), 4: Rate(8, 500)},
        US915_RX1,
        4,
    ),
    fixed72("AU915", 915_200_000, 915_900_000, {**SIX, 6: Rate(8, 500)}, AU915_RX1, 6),
    Region(
        "CN470",
        SIX,
        falling(6, 6, lowest=1),
        ROOM_CN,
        1,
        CN470_PLANS,
        down=CN470_RATES,
        cflist_type=1,
        masks="cn470",
        adr_rates=(1, 2, 3, 4, 5),
    ),
)
REGIONS: dict[str, Region] = {region.name: region for region in _ALL}
ALIASES = {"AS923": "AS923-1", "EU863": "EU868", "US902": "US915"}


def get(name: str) -> Region:
    """A region by its name; ValueError names those that there are."""
    region = REGIONS.get(ALIASES.get(name.upper(), name.upper()))
    if region is None:
        raise ValueError(f"no region '{name}'; choose from: {', '.join(REGIONS)}")
    return region
