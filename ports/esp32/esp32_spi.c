// The chip on an SPI bus: hal_spi_transfer() and the bus.
//
// The bus has no DMA, since it would pay nowhere. Most transfers are 2 to 5 bytes. The
// longest are frames: 256 bytes take 256 us at 8 MHz, once for a frame that is on
// the air for a hundred times as long. Handing them to DMA costs two interrupts and two
// switches of tasks, some 40 us, one of the two DMA channels, which displays and SD cards
// need, and buffers in DMA memory at word boundaries. Without DMA a transaction has
// at most 64 bytes, the peripheral's buffer; longer ones keep the chip selected in
// between. The task looks for their end instead of sleeping: at 64 us it is sooner.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "driver/spi_master.h"
#include "esp_attr.h"

#include "esp32_config.h"
#include "esp32_radio.h"
#include "hal/hal.h"
#include "net/net_errno.h"

#define CHUNK (64)
#define LEN_MAX (256)
// A chunk takes 64 us. The driver would wait for ever, and in an emulator without such a
// peripheral it does.
#define TRANSFER_TICKS pdMS_TO_TICKS(20)

// Of the radio on this bus; the bus has no other device but those of C code that adds
// some, with a chip select of its own.
static spi_device_handle_t device;
static bool bus_up;

int esp32_spi_start(void) {
    const spi_bus_config_t bus = {
        .mosi_io_num = USOCKET_RADIO_MOSI, .miso_io_num = USOCKET_RADIO_MISO, .sclk_io_num = USOCKET_RADIO_SCK,
        .quadwp_io_num = -1, .quadhd_io_num = -1, .max_transfer_sz = CHUNK,
    };
    // SX1276 datasheet, table 8: CS 30 ns before the first clock and 100 ns after the last:
    // one clock each.
    const spi_device_interface_config_t config = {
        .mode = 0, .clock_speed_hz = USOCKET_RADIO_SPI_HZ, .spics_io_num = esp32_board_cs(), .queue_size = 1,
        .cs_ena_pretrans = 1, .cs_ena_posttrans = 1,
    };
    if (!bus_up) {
        // Fails also when machine.SPI or machine.SDCard has this bus already.
        bus_up = spi_bus_initialize(USOCKET_RADIO_SPI, &bus, SPI_DMA_DISABLED) == ESP_OK;
    }
    if (!bus_up) {
        return -NET_EIO;
    }
    return device != NULL || spi_bus_add_device(USOCKET_RADIO_SPI, &config, &device) == ESP_OK ? 0 : -NET_EIO;
}

// Bytes both ways, in place. The bus is ours when there are more than one chunk.
static bool exchange(uint8_t *bytes, size_t len) {
    for (size_t at = 0; at < len; at += CHUNK) {
        size_t n = len - at < CHUNK ? len - at : CHUNK;
        // The driver keeps it when the peripheral does not come to its end.
        static spi_transaction_t transaction;
        transaction = (spi_transaction_t) {
            .flags = at + n < len ? SPI_TRANS_CS_KEEP_ACTIVE : 0,
            .length = 8 * n, .tx_buffer = bytes + at, .rx_buffer = bytes + at,
        };
        if (spi_device_polling_start(device, &transaction, portMAX_DELAY) != ESP_OK
            || spi_device_polling_end(device, TRANSFER_TICKS) != ESP_OK) {
            return false;
        }
    }
    return true;
}

int hal_spi_transfer(uint8_t address, const uint8_t *out, uint8_t *in, size_t len) {
    static WORD_ALIGNED_ATTR uint8_t bytes[1 + LEN_MAX];
    if (len > LEN_MAX) {
        return -NET_EINVAL;
    }
    esp32_stream_finish();
    bytes[0] = address;
    if (out != NULL) {
        memcpy(bytes + 1, out, len);
    } else {
        memset(bytes + 1, 0, len);
    }
    bool chunks = 1 + len > CHUNK;
    if (chunks && spi_device_acquire_bus(device, portMAX_DELAY) != ESP_OK) {
        return -NET_EIO;
    }
    bool good = exchange(bytes, 1 + len);
    if (chunks) {
        spi_device_release_bus(device);
    }
    if (good && in != NULL) {
        memcpy(in, bytes + 1, len);
    }
    return good ? 0 : -NET_EIO;
}

// A read of a register, whose settings (two bytes both ways, from the peripheral's own
// buffer, no other phase) are those of every write that follows.
bool esp32_spi_begin(void) {
    static WORD_ALIGNED_ATTR uint8_t bytes[4];
    if (spi_device_acquire_bus(device, portMAX_DELAY) != ESP_OK) {
        return false;
    }
    bytes[0] = 0x06; // RegFrfMsb: a read of RegFifo would move its pointer
    if (exchange(bytes, 2)) {
        return true;
    }
    spi_device_release_bus(device);
    return false;
}

void esp32_spi_end(void) {
    spi_device_release_bus(device);
}
