"""Turns tests/vectors/lorawan.json into C tables for lorawan_vectors_test.c.

Usage: lorawan_vectors.py lorawan.json out.h
"""

import json
import sys
from pathlib import Path
from typing import Any

Vector = dict[str, Any]

BANDWIDTHS = {125: 0, 250: 1, 500: 2}
CODING_RATES = {"4/5": 1, "4/6": 2, "4/7": 3, "4/8": 4}


def data(text: str) -> str:
    """Hex digits -> pointer and length."""
    escaped = "".join(f"\\x{text[i : i + 2]}" for i in range(0, len(text), 2))
    return f'(const uint8_t *)"{escaped}", {len(text) // 2}'


def key(text: str) -> str:
    return data(text).rsplit(",", 1)[0]


def frame_row(vector: Vector) -> str:
    up = str(vector["direction"] == "up").lower()
    return (
        f'{{ "{vector["id"]}", {data(vector["phy"])}, 0x{vector["dev_addr"]}, '
        f"{vector['fcnt32']}, {up}, 0x{vector['fctrl']}, {data(vector['fopts_plain'])}, "
        f"{vector['fport']}, {data(vector['frmpayload_plain'])}, "
        f"{key(vector['keys']['NwkSKey'])}, {key(vector['keys']['AppSKey'])} }}"
    )


def request_row(vector: Vector) -> str:
    return (
        f'{{ "{vector["id"]}", {data(vector["phy"])}, {key(vector["app_key"])}, '
        f"{key(vector['join_eui'])}, {key(vector['dev_eui'])}, 0x{vector['dev_nonce']} }}"
    )


def accept_row(vector: Vector) -> str:
    has_keys = "nwk_s_key" in vector
    nonce = vector.get("dev_nonce", "0")
    nwk = key(vector["nwk_s_key"]) if has_keys else "NULL"
    app = key(vector["app_s_key"]) if has_keys else "NULL"
    app_key = vector.get("app_key") or vector["nwk_key"]
    return (
        f'{{ "{vector["id"]}", {data(vector["phy"])}, {key(app_key)}, '
        f"0x{vector['join_nonce']}, 0x{vector['net_id']}, 0x{vector['dev_addr']}, "
        f"0x{vector['dl_settings']}, {vector['rx_delay']}, 0x{nonce}, {nwk}, {app} }}"
    )


def keys_row(vector: Vector) -> str:
    return (
        f'{{ "{vector["id"]}", {key(vector["app_key"])}, 0x{vector["join_nonce"]}, '
        f"0x{vector['net_id']}, 0x{vector['dev_nonce']}, "
        f"{key(vector['nwk_s_key'])}, {key(vector['app_s_key'])} }}"
    )


def airtime_row(case: Vector) -> str:
    header = str(not case["explicit_header"]).lower()
    return (
        f"{{ {{ {case['sf']}, {BANDWIDTHS[case['bw_khz']]}, {CODING_RATES[case['cr']]}, "
        f"{case['preamble']}, {header}, {str(case['crc']).lower()} }}, "
        f"{case['payload']}, {case['us']} }}"
    )


def command_row(case: Vector) -> str:
    up = str(case["direction"] == "up").lower()
    return f'{{ {up}, {data(case["bytes"])}, "{case["meaning"]}" }}'


def table(kind: str, name: str, rows: list[str]) -> str:
    body = "".join(f"    {row},\n" for row in rows)
    return f"static const {kind} {name}[] = {{\n{body}}};\n"


def main() -> None:
    vectors = json.loads(Path(sys.argv[1]).read_text())

    def of(kind: str) -> list[Vector]:
        return [vector for vector in vectors if vector["kind"] == kind]

    frames = [v for v in of("data-frame") if v["lorawan"] == "1.0"]
    airtimes = [case for v in of("airtime") for case in v["cases"]]
    commands = [case for v in of("mac-command-bytes") for case in v["cases"]]
    text = [
        table("frame_vector_t", "frames", [frame_row(v) for v in frames]),
        table("request_vector_t", "requests", [request_row(v) for v in of("join-request")]),
        table("accept_vector_t", "accepts", [accept_row(v) for v in of("join-accept")]),
        table("keys_vector_t", "session_keys", [keys_row(v) for v in of("session-keys-1.0")]),
        table("airtime_vector_t", "airtimes", [airtime_row(case) for case in airtimes]),
        table("command_vector_t", "commands", [command_row(case) for case in commands]),
    ]
    Path(sys.argv[2]).write_text("// Made by lorawan_vectors.py.\n" + "\n".join(text))


if __name__ == "__main__":
    main()
