// Reads and writes LoRaWAN frames with npm's lora-packet for tests/harness/judges.py:
// a JSON request on each line of stdin, an answer on each line of stdout.
// SPDX-License-Identifier: MIT
"use strict";
const lora = require("lora-packet").default ?? require("lora-packet");
const hex = (text) => Buffer.from(text ?? "", "hex");
const shown = (bytes) => (bytes ? bytes.toString("hex") : "");

function upper(fcnt) {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(Math.floor((fcnt ?? 0) / 65536) & 0xffff);
    return bytes;
}

function read(r) {
    let packet = lora.fromWire(hex(r.phy));
    const type = packet.getMType();
    if (type === "Join Request") {
        return {
            type,
            mic: lora.verifyMIC(packet, undefined, hex(r.app_key)),
            join_eui: shown(packet.AppEUI),
            dev_eui: shown(packet.DevEUI),
            dev_nonce: shown(packet.DevNonce),
        };
    }
    if (type === "Join Accept") {
        packet = lora.fromWire(lora.decryptJoinAccept(packet, hex(r.app_key)));
        return {
            type,
            mic: lora.verifyMIC(packet, undefined, hex(r.app_key)),
            join_nonce: shown(packet.AppNonce),
            net_id: shown(packet.NetID),
            dev_addr: shown(packet.DevAddr),
            dl_settings: shown(packet.DLSettings),
            rx_delay: packet.getRxDelayDel(),
            cflist: shown(packet.CFList),
        };
    }
    if (!packet.isDataMessage()) {
        throw new Error(`frame is a ${type}`);
    }
    const has_payload = packet.FRMPayload && packet.FRMPayload.length > 0;
    return {
        type,
        mic: lora.verifyMIC(packet, hex(r.nwk_s_key), undefined, upper(r.fcnt)),
        dev_addr: shown(packet.DevAddr),
        fcnt: packet.getFCnt(),
        fctrl: packet.FCtrl[0] & 0xf0,
        fopts: shown(packet.FOpts),
        port: packet.getFPort(),
        payload: has_payload
            ? shown(lora.decrypt(packet, hex(r.app_s_key), hex(r.nwk_s_key), upper(r.fcnt)))
            : "",
    };
}

function write(r) {
    const fields = {
        MType: r.type,
        DevAddr: hex(r.dev_addr),
        FCtrl: r.fctrl,
        FCnt: r.fcnt & 0xffff,
        FPort: r.port,
        FOpts: hex(r.fopts),
        payload: hex(r.payload),
    };
    const packet = lora.fromFields(
        fields, hex(r.app_s_key), hex(r.nwk_s_key), undefined, upper(r.fcnt));
    return { phy: shown(packet.getPHYPayload()) };
}

function write_join(r) {
    const fields = {
        MType: "Join Request",
        AppEUI: hex(r.join_eui),
        DevEUI: hex(r.dev_eui),
        DevNonce: hex(r.dev_nonce),
    };
    const packet = lora.fromFields(fields, undefined, undefined, hex(r.app_key));
    return { phy: shown(packet.getPHYPayload()) };
}

const work = { read, write, write_join };
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const request = JSON.parse(line);
    let answer;
    try {
        answer = work[request.op](request);
    } catch (error) {
        answer = { error: String(error.message ?? error) };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
});
