// Settings: the defaults of regions and what is refused, in words.
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "lora/lora_settings.h"

static lora_settings_t good;

// settings are refused, and the sentence holds these words.
static void refused(lora_settings_t settings, const char *words) {
    lora_why_t why = { "" };
    CHECK(lora_settings_check(&settings, &why) == -NET_EINVAL, words);
    CHECK(strstr(why.text, words) != NULL, why.text);
    CHECK(strlen(why.text) < LORA_WHY_SIZE - 1, "the sentence is not cut");
    CHECK(lora_settings_check(&settings, NULL) == -NET_EINVAL, "the sentence is optional");
}

// Region table of the Pycom firmware: number, default frequency, limits, power.
static void regions_have_their_defaults(void) {
    static const struct {
        int region, frequency, low, high, power;
    } rows[] = {
        { 5, 868000000, 863000000, 870000000, 14 }, { 8, 915000000, 902000000, 928000000, 20 },
        { 1, 915000000, 915000000, 928000000, 20 }, { 0, 923000000, 915000000, 928000000, 20 },
        { 7, 865000000, 865000000, 867000000, 20 }, { 2, 470000000, 470000000, 510000000, 14 },
        { 4, 433175000, 433000000, 435000000, 12 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        lora_settings_t s;
        CHECK(lora_settings_default(&s, rows[i].region, NULL) == 0, "the region is known");
        CHECK(s.frequency == rows[i].frequency && s.tx_power == rows[i].power, "its frequency and power");
        CHECK(s.sf == 7 && s.bandwidth == 0 && s.coding_rate == 1 && s.preamble == 8 && s.public,
            "SF7, 125 kHz, 4/5, 8 symbols, public sync word");
        CHECK(lora_settings_check(&s, NULL) == 0, "defaults are good");
        s.frequency = rows[i].low;
        CHECK(lora_settings_check(&s, NULL) == 0, "the lowest frequency");
        s.frequency = rows[i].high;
        CHECK(lora_settings_check(&s, NULL) == 0, "the highest frequency");
        s.frequency = rows[i].high + 1;
        CHECK(lora_settings_check(&s, NULL) == -NET_EINVAL, "not a Hertz more");
        s.frequency = rows[i].low - 1;
        CHECK(lora_settings_check(&s, NULL) == -NET_EINVAL, "not a Hertz less");
    }
    lora_settings_t s;
    lora_why_t why;
    for (int region = -1; region < 14; ++region) {
        bool known = region >= 0 && region <= 12 && region != 3;
        CHECK((lora_settings_default(&s, region, &why) == 0) == known, "no other region is known");
    }
}

static void refusals_name_value_and_range(void) {
    lora_settings_t s = good;
    s.frequency = 100;
    refused(s, "frequency 100 out of range 863000000..870000000");
    s = good, s.tx_power = 21;
    refused(s, "Tx power 21 out of range 2..20");
    s = good, s.tx_power = 1;
    refused(s, "Tx power 1 out");
    s = good, s.bandwidth = 3;
    refused(s, "bandwidth 3 not supported");
    s = good, s.bandwidth = -1;
    refused(s, "bandwidth -1 not supported");
    s = good, s.sf = 6;
    refused(s, "spreading factor 6 out of range 7..12");
    s = good, s.sf = 13;
    refused(s, "spreading factor 13 out of range");
    s = good, s.sf = 263;
    refused(s, "spreading factor 263 out of range");
    s = good, s.coding_rate = 0;
    refused(s, "coding rate 0 out of range 1..4");
    s = good, s.coding_rate = 5;
    refused(s, "coding rate 5 out of range");
    s = good, s.preamble = 5;
    refused(s, "preamble 5 out of range 6..65535");
    s = good, s.preamble = 65536;
    refused(s, "preamble 65536 out of range");
    s = good, s.power_mode = 3;
    refused(s, "invalid power mode 3");
    s = good, s.device_class = 1;
    refused(s, "invalid device_class 1");
    s = good, s.tx_retries = -1;
    refused(s, "tx_retries -1 out of range 0..255");
    s = good, s.mode = 2;
    refused(s, "invalid mode 2");
    s = good, s.region = 3;
    refused(s, "invalid region 3");
}

static void the_radio_is_told_what_was_asked_for(void) {
    lora_settings_t s = good;
    s.bandwidth = 2, s.sf = 9, s.coding_rate = 4, s.preamble = 12, s.tx_iq = true, s.public = false;
    radio_modulation_t m, again;
    memset(&again, 0xff, sizeof(again));
    lora_settings_modulation(&s, true, &m);
    lora_settings_modulation(&s, true, &again);
    CHECK(m.modem == RADIO_LORA && m.frequency == 868000000, "LoRa on the frequency");
    CHECK(m.lora.bw == RADIO_BW_500K && m.lora.sf == 9 && m.lora.cr == 4 && m.lora.preamble == 12, "the modem's settings");
    CHECK(m.lora.sync_word == 0x12, "0x12 is the private sync word");
    CHECK(m.lora.implicit_len == 0 && m.lora.crc, "explicit header, CRC on");
    CHECK(m.lora.iq_inverted, "sent with inverted IQ");
    CHECK(memcmp(&m, &again, sizeof(m)) == 0, "equal settings give equal bytes");
    lora_settings_modulation(&s, false, &m);
    CHECK(!m.lora.iq_inverted, "received with normal IQ");
    lora_settings_modulation(&good, false, &m);
    CHECK(m.lora.sync_word == 0x34, "0x34 is the public sync word");
}

int main(void) {
    lora_settings_default(&good, LORA_EU868, NULL);
    regions_have_their_defaults();
    refusals_name_value_and_range();
    the_radio_is_told_what_was_asked_for();
    return check_result();
}
