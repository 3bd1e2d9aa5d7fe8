"""Turns tests/vectors/sigfox.json into the C tables of the Sigfox unit tests.

Usage: sigfox_vectors.py sigfox.json OUT.h
SPDX-License-Identifier: MIT
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Vector = dict[str, Any]

HEAD = """// Made from tests/vectors/sigfox.json by tests/unit/sigfox_vectors.py.
#include <stdbool.h>
#include <stdint.h>

#include "sigfox/sigfox_schedule.h"

typedef struct { uint8_t len; uint8_t data[32]; } bytes_t;
typedef struct { const char *name; sigfox_device_t device; sigfox_frame_t frame; int rank;
    bytes_t bits; } uplink_t;
typedef struct { const char *name; sigfox_device_t device; sigfox_frame_health_t health;
    int rssi; bool confirmation; uint16_t counter; int rank; bytes_t payload, bits; } control_t;
typedef struct { const char *name; uint8_t key[16]; bytes_t bits; bool crc_right; } negative_t;
typedef struct { const char *name; sigfox_device_t device; uint16_t counter;
    bytes_t frame, payload; int corrected; } downlink_t; // corrected -1: must be refused
typedef struct { const char *name; bytes_t bits; const char *phases; } phases_t;
typedef struct { const char *name; sigfox_zone_number_t zone; uint32_t uplink, downlink, width,
    epsilon, low, high, first_low, first_high, window_after_ms, window_ms;
    int32_t second, third, gap; } rules_t;
typedef enum { SEND, SENT, SENSE, CLEAR, LISTEN, FRAME, NOTHING, STORED } trace_kind_t;
typedef struct { uint8_t kind; uint64_t at_us; uint32_t hz; uint32_t ms; int value;
    bytes_t bits; } trace_event_t;
typedef struct { const char *name; sigfox_device_t device; uint16_t stored;
    sigfox_zone_number_t zone; uint16_t bit_rate, gap_ms, confirm_ms; uint8_t frames;
    bool keep_alive, asks, downlink, confirmed; bytes_t payload;
    const trace_event_t *events; int number; } trace_t;
"""


def raw(text: str) -> str:
    return "{" + ",".join(f"0x{byte:02x}" for byte in bytes.fromhex(text)) + "}"


def sized(text: str) -> str:
    return f"{{{len(text) // 2},{raw(text) if text else '{0}'}}}"


def device(v: Vector) -> str:
    return f"{{{v['device_id']},{raw(v['key'])}}}"


def flag(value: object) -> str:
    return "true" if value else "false"


def table(ctype: str, name: str, rows: list[str]) -> str:
    body = "".join(f"    {row},\n" for row in rows)
    return f"static const {ctype} {name}[] = {{\n{body}}};\n"


def frame(v: Vector) -> str:
    kinds = {"empty": "EMPTY", "bit 0": "BIT", "bit 1": "BIT", "bytes": "BYTES"}
    payload = f",.payload={raw(v['payload'])}" if v["payload"] else ""
    return (
        f"{{.type=SIGFOX_FRAME_{kinds[v['message']]},.len={v['payload_len']},"
        f".bit={flag(v['message'] == 'bit 1')},.downlink={flag(v['request_downlink'])},"
        f".counter={v['message_counter']}{payload}}}"
    )


def uplinks(vectors: list[Vector], recorded: list[Vector]) -> Iterator[str]:
    for v in vectors:
        for one in v["frames"]:
            yield (
                f'{{"{v["name"]}",{device(v)},{frame(v)},{one["rank"]},{sized(one["bitstream"])}}}'
            )
    for v in recorded:
        v = {**v, "message": "bytes", "payload_len": len(v.get("payload", "")) // 2}
        for rank, tail in enumerate(v.get("frames_after_20_bits", []), 1):
            yield f'{{"{v["name"]}",{device(v)},{frame(v)},{rank},{sized("aaaaa" + tail)}}}'
        if "protected_part" in v:
            # An uplink whose type was not recorded: 11 bytes, rank 1.
            v = {**v, "request_downlink": False}
            crc = int(v["crc16_before_inversion"], 16) ^ 0xFFFF
            bits = f"aaaaa94c{v['protected_part']}{crc:04x}"
            yield f'{{"{v["name"]}",{device(v)},{frame(v)},1,{sized(bits)}}}'


def controls(vectors: list[Vector]) -> Iterator[str]:
    for v in vectors:
        health = f"{{{v['voltage_idle_mv']},{v['voltage_tx_mv']},{v['temperature_tenth_c']}}}"
        rssi = v["downlink_rssi_dbm"]
        for one in v["frames"]:
            yield (
                f'{{"{v["name"]}",{device(v)},{health},{rssi or 0},{flag(rssi is not None)},'
                f"{v['message_counter']},{one['rank']},{sized(v['control_payload'])},"
                f"{sized(one['bitstream'])}}}"
            )


def negatives(vectors: list[Vector]) -> Iterator[str]:
    for v in vectors:
        right = flag(v["why"].startswith("CRC-16 right"))
        yield f'{{"{v["name"]}",{raw(v["key"])},{sized(v["bitstream"])},{right}}}'


def downlinks(given: Vector) -> Iterator[str]:
    for v in given["downlink_receive"]:
        corrected = v["corrected_codewords"] if v["expect_valid"] else -1
        yield downlink(v, v["expect_payload"] or "", corrected)


def downlink(v: Vector, payload: str, corrected: int) -> str:
    return (
        f'{{"{v["name"]}",{device(v)},{v["uplink_message_counter"]},{sized(v["frame"])},'
        f"{sized(payload)},{corrected}}}"
    )


def rules(zones: Vector) -> Iterator[str]:
    for name, v in zones.items():
        if name.startswith("_"):
            continue
        numbers = (
            "uplink_centre_hz downlink_centre_hz operational_width_hz epsilon_hz uplink_min_hz "
            "uplink_max_hz bidir_3frames_f1_min_hz bidir_3frames_f1_max_hz "
            "t_w_ms_after_end_of_frame1 t_rx_ms bidir_frame2_offset_hz bidir_frame3_offset_hz "
            "downlink_minus_frame1_hz"
        )
        values = ",".join(str(v[key]) for key in numbers.split())
        yield f'{{"{name}",{zone(name)},{values}}}'


def zone(name: str) -> str:
    return "SIGFOX_ZONE_" + ("RC3" if name == "RC3_LBT" else name)


def trace_events(v: Vector) -> Iterator[str]:
    hz, limit = "0", "0"
    for e in v["events"]:
        at = round(e["t_ms"] * 1000)
        kind = e["event"]
        if kind == "rf_init":
            hz = e["freq_hz"]
            if e["mode"] == "RX" and e["modulation"] == "GFSK":
                yield f"{{.kind=LISTEN,.at_us={at},.hz={hz},.ms={limit}}}"
        elif kind == "timer_start" and e["reason"] in ("T_RX", "LBT"):
            limit = e["duration_ms"]
        elif kind == "rf_send":
            yield f"{{.kind=SEND,.at_us={at},.hz={hz},.bits={sized(e['bitstream'])}}}"
        elif kind == "rf_send_done":
            yield f"{{.kind=SENT,.at_us={at}}}"
        elif kind == "carrier_sense" and "free" in e:
            yield f"{{.kind=CLEAR,.at_us={at}}}"
        elif kind == "carrier_sense":
            yield (f"{{.kind=SENSE,.at_us={at},.hz={hz},.ms={limit},.value={e['thr_dbm']}}}")
        elif kind == "rf_receive":
            last = e["result"] == "timeout"
            yield f"{{.kind={'NOTHING' if last else 'FRAME'},.at_us={at}}}"
        elif kind == "nvm_write":
            yield f"{{.kind=STORED,.at_us={at},.value={e['message_counter']}}}"


def traces(vectors: list[Vector]) -> str:
    text = ""
    rows = []
    for n, v in enumerate(vectors):
        text += table("trace_event_t", f"trace_{n}", list(trace_events(v)))
        done = v["result"]
        rows.append(
            f'{{"{v["name"]}",{device(v)},{v["last_stored_message_counter"]},{zone(v["rc"])},'
            f"{v['uplink_bps']},{v['t_ifu_ms']},{v['t_conf_ms']},{v['frames']},"
            f"{flag(v['message'] == 'keepalive')},{flag(v['request_downlink'])},"
            f"{flag(done['dl'] == '1')},{flag(done['conf'] == '1')},{sized(v['payload'])},"
            f"trace_{n},sizeof(trace_{n}) / sizeof(trace_{n}[0])}}"
        )
    return text + table("trace_t", "traces", rows)


def main(source: Path, target: Path) -> None:
    given = json.loads(source.read_text())
    recorded = given["recorded"]
    up = [v for v in recorded if v["kind"].startswith("uplink")]
    down = [v for v in recorded if v["kind"].startswith("downlink")]
    phases = [
        f'{{"{v["name"]}",{sized(v["bitstream"])},"{v["phase_states"]}"}}' for v in given["dbpsk"]
    ]
    sent = [downlink(v, v["payload"], 0) for v in [*given["downlink"], *down]]
    sections = {
        "UPLINKS": table("uplink_t", "uplinks", list(uplinks(given["uplink"], up))),
        "CONTROLS": table("control_t", "controls", list(controls(given["control"]))),
        "NEGATIVES": table("negative_t", "negatives", list(negatives(given["uplink_negative"]))),
        "DOWNLINKS": table("downlink_t", "downlinks", sent)
        + table("downlink_t", "receptions", list(downlinks(given))),
        "PHASES": table("phases_t", "phases", phases),
        "RULES": table("rules_t", "rules", list(rules(given["frequency_rules"]))),
        "TRACES": traces(given["sequence_traces"]),
    }
    text = HEAD
    for name, body in sections.items():
        text += f"#ifdef WANT_{name}\n{body}#endif\n"
    target.write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
