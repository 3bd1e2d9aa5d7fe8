"""The hub of an air: joins firmwares, gives them one time, repeats their frames.

Each firmware (USOCKET_AIR=PORT) announces the frames that its chips send; the hub
repeats each to all the others. Simulated time follows the PC's monotonic clock times
a factor, but nobody's runs ahead of what others may still announce (airpace.py); a hold
keeps all participants from passing a moment until it is released.
"""

from __future__ import annotations

import contextlib
import math
import random
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from fwlib.airmessage import (
    HOLD_FORMAT,
    MESSAGE_MAX,
    MOMENT_FORMAT,
    NEVER,
    PARTICIPANTS_MAX,
    RADIOS_MAX,
    RELEASE_FORMAT,
    Frame,
    Join,
    Time,
    Told,
    Type,
    pack,
    unpack,
)
from fwlib.airpace import Pace

Address = tuple[str, int]

# Firmwares say every 5 s that they are there.
SILENCE_S = 20.0
# They take a hub for gone, and holds for released, after 5 s.
TELL_S = 1.0
# A hold of another process must be said again within this time.
HOLD_S = 5.0
BUFFER_BYTES = 4 * 1024 * 1024
# How late a frame's announcement may come, in real time (docs/simulation.md); under a
# small factor, in simulated time.
LATENESS_US = 10_000
LATENESS_MIN_NS = 2_000_000
# Linux: ask to be told of addresses where nobody is any more.
IP_RECVERR = 11
FACTOR_MIN, FACTOR_MAX = 0.01, 10000.0


@dataclass
class Participant:
    """A firmware on the air."""

    number: int
    address: Address
    name: str
    x_m: int
    y_m: int
    heard: float
    loss_from_db: float = 0.0
    loss_to_db: float = 0.0
    reports: bool = False  # how far its time has moved: a firmware


@dataclass
class Joined:
    """Event: a firmware has come."""

    participant: Participant


@dataclass
class Left:
    """Event: a firmware has gone, or was silent for too long."""

    participant: Participant


Event = Joined | Left | Frame | Told


class Hub:
    """Knows who is there, and what time it is.

    Its methods may be called by any thread. Listeners are called by the thread that
    serves, with each event after it was passed on. fading_db is the standard deviation
    of a loss, another one for each frame and receiver, that depends on the seed alone.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        factor: float = 1.0,
        seed: int | None = None,
        lateness_us: int = LATENESS_US,
        fading_db: float = 0.0,
    ) -> None:
        if not FACTOR_MIN <= factor <= FACTOR_MAX:
            raise ValueError(f"the time factor is {factor}, allowed is 0.01 to 10000")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._socket.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.setblocking(False)
        self.seed = random.SystemRandom().getrandbits(32) if seed is None else seed & 0xFFFFFFFF
        self.fading_db = fading_db
        self._lock = threading.RLock()
        self._participants: dict[Address, Participant] = {}
        self._names: dict[int, str] = {}  # also of those that have left
        self._losses: dict[str, tuple[float, float]] = {}
        self._holds: dict[tuple[Address | None, int], tuple[int, float]] = {}
        self._tokens = 0
        self._next_tell = 0.0
        self._now = 0
        self._listeners: list[Callable[[Event], None]] = []
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        wall = time.monotonic_ns()
        self._time = Time(
            participant=0,
            seed=self.seed,
            # Higher than those of a hub that was here before.
            sequence=int(time.time()) & 0xFFFFFFFF,
            factor_milli=round(factor * 1000),
            wall_ns=wall,
            sim_ns=wall,
            unix_ns=time.time_ns(),
            lateness_ns=max(round(lateness_us * 1000 * factor), LATENESS_MIN_NS),
        )
        self._pace = Pace(self._time.lateness_ns)

    # -- What others ask

    @property
    def port(self) -> int:
        """The UDP port, also if it was to be any."""
        return int(self._socket.getsockname()[1])

    @property
    def factor(self) -> float:
        """How many times as fast as the PC's clock simulated time runs."""
        return self._time.factor_milli / 1000

    def now(self) -> int:
        """Simulated time in nanoseconds."""
        with self._lock:
            self._now = max(self._now, self._time.at(time.monotonic_ns()))
            return self._now

    def settled(self) -> int:
        """What happened before this moment of simulated time has been told by all."""
        with self._lock:
            return self._pace.settled

    def unix_ns(self, sim_ns: int) -> int:
        """The date of a moment of simulated time, in nanoseconds since 1970."""
        with self._lock:
            return self._time.unix_ns + sim_ns - self._time.sim_ns

    def participants(self) -> list[Participant]:
        with self._lock:
            return list(self._participants.values())

    def name_of(self, radio: int) -> str:
        """The name of a radio by its number: its participant's, and which it is there."""
        number, index = divmod(radio, RADIOS_MAX)
        name = self._names.get(number)
        if name is None:
            return f"#{radio}"
        return name if index <= 1 else f"{name}.{index}"

    def listen(self, listener: Callable[[Event], None]) -> None:
        self._listeners.append(listener)

    def set_loss(self, name: str, *, from_db: float = 0.0, to_db: float = 0.0) -> None:
        """Extra loss of what a participant sends, and of what it hears; also if it is not there yet."""
        with self._lock:
            self._losses[name] = (from_db, to_db)
            for one in self._participants.values():
                if one.name == name:
                    one.loss_from_db, one.loss_to_db = from_db, to_db

    # -- Time

    def hold(self, at_ns: int | None = None) -> int:
        """Let nobody pass a moment of simulated time (None: now); a token for release().

        A moment that is some way ahead is kept exactly. Participants that have passed
        one that is not stand where they are.
        """
        with self._lock:
            self._tokens += 1
            at = self.now() if at_ns is None else at_ns
            self._holds[None, self._tokens] = (at, math.inf)
            self._holds_changed()
            return self._tokens

    def release(self, token: int) -> None:
        """Take a hold back; when it was the last one, time goes on from where it stood."""
        with self._lock:
            if self._holds.pop((None, token), None) is not None:
                self._holds_changed()

    def _holds_changed(self) -> None:
        self._go_on_from(self._time.at(time.monotonic_ns()))

    def _go_on_from(self, sim: int) -> None:
        wall = time.monotonic_ns()
        self._time = replace(
            self._time,
            sequence=self._time.sequence + 1,
            wall_ns=wall,
            sim_ns=sim,
            unix_ns=self._time.unix_ns + sim - self._time.sim_ns,
            hold_ns=min((at for at, _ in self._holds.values()), default=NEVER),
        )
        self._tell()

    def _tell(self) -> None:
        self._next_tell = time.monotonic() + TELL_S
        for one in self._participants.values():
            self._send(replace(self._time, participant=one.number).pack(Type.TIME), one.address)
        self._tell_limit()

    def _tell_limit(self) -> None:
        message = pack(Type.LIMIT, MOMENT_FORMAT.pack(self._pace.limit))
        for one in self._participants.values():
            if one.reports:
                self._send(message, one.address)

    # -- Serving

    def serve(self) -> None:
        """Repeat frames until close() is called."""
        while not self._stop.is_set():
            self.step(0.2)

    def start(self) -> None:
        """Serve in a thread."""
        self._thread = threading.Thread(target=self.serve, name="air", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let serve() return, and give everything back."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)
        self._socket.close()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        """Let serve() return; for signal handlers."""
        self._stop.set()

    def step(self, timeout: float) -> None:
        """Wait for messages, at most timeout seconds, and work on those that are there."""
        select.select([self._socket], [], [], timeout)
        events: list[Event] = []
        for _ in range(1000):
            try:
                message, sender = self._socket.recvfrom(MESSAGE_MAX)
            except BlockingIOError:
                break
            except OSError:
                continue  # somebody to whom we sent has ended
            with self._lock, contextlib.suppress(ValueError, struct.error):
                events += self._take(message, sender)
        with self._lock:
            events += self._miss()
            events += self._look_around()
        for event in events:
            for listener in self._listeners:
                listener(event)

    def _miss(self) -> list[Event]:
        """Those to whom we sent and who have ended without a word. After all messages."""
        events: list[Event] = []
        with contextlib.suppress(OSError):
            while True:
                _, _, _, address = self._socket.recvmsg(MESSAGE_MAX, 512, socket.MSG_ERRQUEUE)
                if address in self._participants:
                    events += self._leave(address)
        return events

    def _look_around(self) -> list[Event]:
        now = time.monotonic()
        if self._pace.moved(now):
            self._tell_limit()
        slower = self._pace.behind(self._time.at(time.monotonic_ns()))
        if slower is not None:
            self._go_on_from(slower)
        gone = [one for one in self._participants.values() if now - one.heard > SILENCE_S]
        over = [key for key, (_, until) in self._holds.items() if now > until]
        for key in over:
            del self._holds[key]
        if over:
            self._holds_changed()
        elif now >= self._next_tell:
            self._tell()
        return [event for one in gone for event in self._leave(one.address)]

    def _take(self, message: bytes, sender: Address) -> list[Event]:
        kind, body = unpack(message)
        if kind == Type.JOIN:
            return self._join(Join.unpack(body), sender)
        known = self._participants.get(sender)
        if known is None:
            return []
        known.heard = time.monotonic()
        if kind == Type.REACHED:
            known.reports = True
            self._pace.reached(sender, MOMENT_FORMAT.unpack_from(body)[0], known.heard)
        elif kind == Type.FRAME:
            frame = Frame.unpack(body)
            self._repeat(frame, known)
            return [frame]
        elif kind == Type.FATE:
            return [Told.unpack(body)]
        elif kind == Type.BYE:
            return self._leave(sender)
        elif kind == Type.HOLD:
            token, at = HOLD_FORMAT.unpack_from(body)
            self._hold_for(sender, token, at)
        elif kind == Type.RELEASE:
            held = self._holds.pop((sender, RELEASE_FORMAT.unpack_from(body)[0]), None)
            if held is not None:
                self._holds_changed()
        return []

    def _hold_for(self, sender: Address, token: int, at_ns: int) -> None:
        """A hold, or one that was said before."""
        before = self._holds.get((sender, token))
        at = min(at_ns, NEVER) if at_ns else self.now()
        self._holds[sender, token] = (before[0] if before else at, time.monotonic() + HOLD_S)
        if before is None:
            self._holds_changed()

    def _join(self, join: Join, sender: Address) -> list[Event]:
        one = self._participants.get(sender)
        events: list[Event] = []
        if one is None:
            one = Participant(self._number(join), sender, join.name, join.x_m, join.y_m, 0.0)
            one.loss_from_db, one.loss_to_db = self._losses.get(join.name, (0.0, 0.0))
            self._participants[sender] = one
            self._names[one.number] = one.name
            events = [Joined(one)]
        one.heard = time.monotonic()
        one.x_m, one.y_m = join.x_m, join.y_m
        self._send(replace(self._time, participant=one.number).pack(Type.WELCOME), sender)
        return events

    def _number(self, join: Join) -> int:
        """The number that it had with a hub before, or a free one."""
        taken = {one.number for one in self._participants.values()}
        if 0 < join.participant <= PARTICIPANTS_MAX and join.participant not in taken:
            return join.participant
        return next(number for number in range(1, PARTICIPANTS_MAX) if number not in taken)

    def _leave(self, address: Address) -> list[Event]:
        one = self._participants.pop(address)
        self._pace.left(address)
        held = [key for key in self._holds if key[0] == address]
        for key in held:
            del self._holds[key]
        if held:
            self._holds_changed()
        return [Left(one)]

    # -- Frames

    def transmit(self, frame: Frame) -> None:
        """A frame that nobody's chip sends: of a test, or of a gateway in this process."""
        with self._lock:
            self._repeat(frame, None)
        for listener in self._listeners:
            listener(frame)

    def _repeat(self, frame: Frame, sender: Participant | None) -> None:
        loss = sender.loss_from_db if sender is not None else 0.0
        for one in list(self._participants.values()):
            if one is not sender:
                lost = loss + one.loss_to_db + self._fading(frame, one)
                self._send((frame.weaker(lost) if lost else frame).pack(), one.address)

    def _fading(self, frame: Frame, receiver: Participant) -> float:
        if self.fading_db == 0:
            return 0.0
        key = f"{self.seed} {frame.source} {frame.number} {receiver.number}"
        return random.Random(key).gauss(0.0, self.fading_db)

    def _send(self, message: bytes, to: Address) -> None:
        for _ in range(2):  # the first time may tell of the fate of another message
            with contextlib.suppress(OSError):
                self._socket.sendto(message, to)
                return
