// LoRaTap captures: what tshark reads from them. With an argument it leaves the
// capture there; where tshark is installed it is asked.
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sim_pcap.h"

static uint8_t written[2048];
static size_t written_len;

static bool to_memory(void *arg, const void *data, size_t len) {
    (void)arg;
    if (written_len + len > sizeof(written)) {
        return false;
    }
    memcpy(written + written_len, data, len);
    written_len += len;
    return true;
}

static bool refuse(void *arg, const void *data, size_t len) {
    (void)arg;
    (void)data;
    (void)len;
    return false;
}

static sim_air_frame_t lorawan(void) {
    // A LoRaWAN data frame: type, address 26011bda, counter, port and 4 bytes, MIC.
    static const uint8_t data[] = { 0x40, 0xda, 0x1b, 0x01, 0x26, 0x80, 0x02, 0x00, 0x01, 1, 2, 3, 4, 0xde, 0xad, 0xbe, 0xef };
    sim_air_frame_t frame = { .modem = SIM_AIR_LORA, .frequency = 868100000, .bandwidth = 125000, .sf = 9, .cr = 1, .sync = { 0x34 },
                              .sync_len = 1, .crc = true, .end_ns = UINT64_C(1500000123), .len = sizeof(data) };
    memcpy(frame.data, data, sizeof(data));
    return frame;
}

static sim_air_frame_t raw(void) {
    sim_air_frame_t frame = { .modem = SIM_AIR_LORA, .frequency = 915000000, .bandwidth = 500000, .sf = 7, .cr = 4, .sync = { 0x12 },
                              .sync_len = 1, .iq_inverted = true, .end_ns = UINT64_C(2500000000), .len = 5 };
    memcpy(frame.data, "hello", 5);
    return frame;
}

static void the_headers_bytes_are_those_of_the_format(void) {
    sim_pcap_t pcap = { .write = to_memory };
    sim_pcap_seen_t seen = { .known = true, .rssi_x10 = -1003, .snr_x10 = -57 };
    written_len = 0;
    sim_air_frame_t frame = lorawan();
    CHECK(sim_pcap_begin(&pcap) && written_len == 24, "the file header has 24 bytes");
    CHECK(memcmp(written, "\xa1\xb2\x3c\x4d\x00\x02\x00\x04", 8) == 0 && written[22] == 1 && written[23] == 14, "nanoseconds, 2.4, link type 270");
    CHECK(sim_pcap_frame(&pcap, &frame, &seen) && written_len == 24 + 16 + 15 + 17, "a record has its own, LoRaTap's and the data");
    const uint8_t *tap = written + 40;
    CHECK(tap[0] == 0 && tap[2] == 0 && tap[3] == 15, "version 0, 15 bytes");
    CHECK(tap[4] == 0x33 && tap[5] == 0xbe && tap[6] == 0x27 && tap[7] == 0xa0, "868.1 MHz");
    CHECK(tap[8] == 1 && tap[9] == 9 && tap[14] == 0x34, "bandwidth in 125 kHz, SF, sync word");
    CHECK((int8_t)tap[13] == -22, "SNR in quarters of a dB");
    CHECK(memcmp(tap + 15, frame.data, frame.len) == 0, "the data is whole");
    pcap.version = 1;
    written_len = 0;
    sim_air_frame_t other = raw();
    CHECK(sim_pcap_frame(&pcap, &other, NULL) && written_len == 16 + 35 + 5, "version 1 has 35 bytes");
    tap = written + 16;
    CHECK(tap[10] == 255 && tap[27] == 0x22 && tap[28] == 8, "no RSSI at the sender; inverted, no CRC, 4/8");
}

static void a_failed_write_is_told(void) {
    sim_pcap_t pcap = { .write = refuse };
    sim_air_frame_t frame = raw();
    CHECK(!sim_pcap_begin(&pcap) && !sim_pcap_frame(&pcap, &frame, NULL), "both calls say so");
    frame.modem = SIM_AIR_CARRIER;
    CHECK(sim_pcap_frame(&pcap, &frame, NULL), "a carrier writes nothing and cannot fail");
}

static bool to_file(void *arg, const void *data, size_t len) {
    return fwrite(data, 1, len, arg) == len;
}

static bool write_capture(const char *path, uint8_t version) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return false;
    }
    sim_pcap_t pcap = { .write = to_file, .arg = file, .epoch_ns = UINT64_C(1700000000) * 1000000000, .version = version };
    sim_air_frame_t one = lorawan(), two = raw();
    sim_pcap_seen_t seen = { .known = true, .rssi_x10 = -1000, .snr_x10 = 75, .receiver = 0x1122334455667788 };
    bool ok = sim_pcap_begin(&pcap) && sim_pcap_frame(&pcap, &one, &seen) && sim_pcap_frame(&pcap, &two, &seen);
    return fclose(file) == 0 && ok;
}

// Up to 4.0, tshark knows version 1's header, but does not find the payload behind it.
static void tshark_agrees(const char *path) {
    static const char *const wanted[2] = {
        "1700000001.500000123;868100000;1;9;39;30;0x34;0x26011bda\n"
        "1700000002.500000000;915000000;4;7;39;30;0x12;\n",
        "1700000001.500000123;868100000;1;9;39;30;0x34\n"
        "1700000002.500000000;915000000;4;7;39;30;0x12\n",
    };
    char command[600], line[600] = "", got[2][600] = { "", "" };
    for (int version = 0; version <= 1; ++version) {
        CHECK(write_capture(path, (uint8_t)version), "the capture is written");
        snprintf(command, sizeof(command), "tshark -r '%s' -T fields -E separator=';' -e frame.time_epoch -e loratap.channel.frequency"
            " -e loratap.channel.bandwidth -e loratap.channel.sf -e loratap.rssi.packet -e loratap.rssi.snr -e loratap.syncword"
            "%s 2>/dev/null", path, version == 0 ? " -e lorawan.fhdr.devaddr" : "");
        FILE *tshark = popen(command, "r");
        while (tshark != NULL && fgets(line, sizeof(line), tshark) != NULL && strlen(got[version]) + strlen(line) < sizeof(got[0])) {
            strcat(got[version], line);
        }
        CHECK(tshark != NULL && pclose(tshark) == 0, "tshark reads the capture");
        CHECK(strcmp(got[version], wanted[version]) == 0, "it sees time, channel, levels, sync word and the LoRaWAN address");
        if (strcmp(got[version], wanted[version]) != 0) {
            printf("version %d:\n%s", version, got[version]);
        }
    }
}

int main(int argc, char **argv) {
    the_headers_bytes_are_those_of_the_format();
    a_failed_write_is_told();
    if (argc > 1 && system("tshark --version >/dev/null 2>&1") == 0) {
        tshark_agrees(argv[1]);
    } else {
        printf("tshark is not installed: its part is not run\n");
    }
    return check_result();
}
