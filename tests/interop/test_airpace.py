# SPDX-License-Identifier: MIT
"""How far the clocks of an air's firmwares may go ahead of one another."""

from __future__ import annotations

from fwlib.airmessage import NEVER
from fwlib.airpace import SILENT_S, Pace

MS = 1_000_000


def test_one_alone_has_no_limit() -> None:
    pace = Pace(10 * MS)
    pace.reached("one", 5 * MS, 0.0)
    assert not pace.moved(0.0)
    assert pace.limit == NEVER


def test_the_slowest_limits_all() -> None:
    pace = Pace(10 * MS)
    pace.reached("one", 100 * MS, 0.0)
    pace.reached("two", 7 * MS, 0.0)
    assert pace.moved(0.0)
    assert pace.limit == 15 * MS
    pace.reached("two", 8 * MS, 0.1)
    assert not pace.moved(0.1), "a little is not told"
    pace.reached("two", 9 * MS, 0.2)
    assert pace.moved(0.2)
    assert pace.settled == -1 * MS
    pace.left("two")
    assert pace.moved(0.3)
    assert pace.limit == NEVER


def test_who_is_silent_is_waited_for_when_it_has_caught_up() -> None:
    pace = Pace(10 * MS)
    now = 0.0
    pace.reached("hangs", 0, now)
    while now < 2 * SILENT_S:
        now += 0.1
        pace.reached("one", round(now * 1e9), now)
        pace.reached("two", round(now * 1e9), now)
        pace.moved(now)
        assert pace.limit == (8 * MS if now < SILENT_S else pace.limit)
    assert pace.limit > 15e9
    pace.reached("hangs", 10**9, now)
    pace.moved(now)
    assert pace.limit > 15e9
    pace.reached("hangs", round(now * 1e9), now)
    pace.reached("one", round(now * 1e9) + 500 * MS, now)
    pace.reached("two", round(now * 1e9) + 500 * MS, now)
    pace.moved(now)
    assert pace.limit < round(now * 1e9) + 520 * MS


def test_nobody_is_blamed_when_the_hub_stood_still() -> None:
    pace = Pace(10 * MS)
    for who in ("one", "two"):
        pace.reached(who, 50 * MS, 0.0)
    pace.moved(0.0)
    pace.moved(5 * SILENT_S)
    assert pace.limit == 58 * MS


def test_the_clock_waits_for_slow_firmwares() -> None:
    pace = Pace(10 * MS)
    for who in ("one", "two"):
        pace.reached(who, 50 * MS, 0.0)
    pace.moved(0.0)
    assert pace.behind(80 * MS) is None
    assert pace.behind(100 * MS) == 60 * MS
