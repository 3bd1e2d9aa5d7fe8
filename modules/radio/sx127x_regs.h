// Registers of the SX1272 and SX1276 that the driver uses (datasheets SX1276 Rev. 7,
// SX1272 Rev. 4). Addresses 0x0D to 0x3F mean one thing with the LoRa modem and
// another with the FSK modem.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_RADIO_SX127X_REGS_H
#define USOCKET_RADIO_SX127X_REGS_H

// Both modems.
enum {
    REG_FIFO = 0x00,
    REG_OP_MODE = 0x01,
    REG_FRF = 0x06, // 3 bytes
    REG_PA_CONFIG = 0x09,
    REG_PA_RAMP = 0x0a,
    REG_OCP = 0x0b,
    REG_LNA = 0x0c,
    REG_DIO_MAPPING1 = 0x40,
    REG_VERSION = 0x42,
    REG_TCXO_SX1276 = 0x4b,
    REG_TCXO_SX1272 = 0x58,
    REG_PA_DAC_SX1276 = 0x4d,
    REG_PA_DAC_SX1272 = 0x5a,
};

// LoRa.
enum {
    REG_FIFO_ADDR_PTR = 0x0d,
    REG_FIFO_TX_BASE = 0x0e,
    REG_FIFO_RX_BASE = 0x0f,
    REG_FIFO_RX_CURRENT = 0x10,
    REG_IRQ_MASK = 0x11,
    REG_IRQ_FLAGS = 0x12,
    REG_RX_NB_BYTES = 0x13,
    REG_MODEM_STAT = 0x18,
    REG_PKT_SNR = 0x19,
    REG_PKT_RSSI = 0x1a,
    REG_RSSI = 0x1b,
    REG_HOP_CHANNEL = 0x1c,
    REG_MODEM_CONFIG1 = 0x1d,
    REG_MODEM_CONFIG2 = 0x1e,
    REG_SYMB_TIMEOUT = 0x1f,
    REG_LORA_PREAMBLE = 0x20, // 2 bytes
    REG_LORA_PAYLOAD_LENGTH = 0x22,
    REG_MAX_PAYLOAD_LENGTH = 0x23,
    REG_HOP_PERIOD = 0x24,
    REG_MODEM_CONFIG3 = 0x26,
    REG_FEI = 0x28, // 3 bytes
    REG_IF_FREQ1 = 0x2f, // 2 bytes
    REG_DETECT_OPTIMIZE = 0x31,
    REG_INVERT_IQ = 0x33,
    REG_HIGH_BW_OPTIMIZE1 = 0x36,
    REG_DETECTION_THRESHOLD = 0x37,
    REG_SYNC_WORD = 0x39,
    REG_HIGH_BW_OPTIMIZE2 = 0x3a,
    REG_INVERT_IQ2 = 0x3b,
};

// FSK.
enum {
    REG_BITRATE = 0x02, // 2 bytes
    REG_FDEV = 0x04, // 2 bytes
    REG_RX_CONFIG = 0x0d,
    REG_RSSI_CONFIG = 0x0e,
    REG_FSK_RSSI = 0x11,
    REG_RX_BW = 0x12,
    REG_AFC_BW = 0x13,
    REG_AFC = 0x1b, // 2 bytes
    REG_PREAMBLE_DETECT = 0x1f,
    REG_OSC = 0x24,
    REG_FSK_PREAMBLE = 0x25, // 2 bytes
    REG_SYNC_CONFIG = 0x27,
    REG_SYNC_VALUE = 0x28, // 8 bytes
    REG_PACKET_CONFIG1 = 0x30,
    REG_PACKET_CONFIG2 = 0x31,
    REG_FSK_PAYLOAD_LENGTH = 0x32,
    REG_FIFO_THRESH = 0x35,
    REG_IMAGE_CAL = 0x3b,
    REG_LOW_BAT = 0x3d,
    REG_IRQ_FLAGS1 = 0x3e,
    REG_IRQ_FLAGS2 = 0x3f,
};

// RegOpMode.
enum {
    MODE_SLEEP = 0,
    MODE_STANDBY = 1,
    MODE_TX = 3,
    MODE_RX = 5,
    MODE_RX_SINGLE = 6,
    MODE_CAD = 7,
    MODE_MASK = 7,
    MODE_LOW_FREQUENCY = 0x08, // SX1276
    MODE_SHAPED_SX1272 = 0x08, // FSK: Gaussian filter, BT 1.0
    MODE_LONG_RANGE = 0x80,
};

// RegIrqFlags of LoRa.
enum {
    IRQ_RX_TIMEOUT = 0x80,
    IRQ_RX_DONE = 0x40,
    IRQ_CRC_ERROR = 0x20,
    IRQ_VALID_HEADER = 0x10,
    IRQ_TX_DONE = 0x08,
    IRQ_CAD_DONE = 0x04,
    IRQ_FHSS_CHANGE = 0x02,
    IRQ_CAD_DETECTED = 0x01,
};

// RegIrqFlags1 and RegIrqFlags2 of FSK.
enum {
    IRQ1_PREAMBLE = 0x02,
    IRQ1_SYNC = 0x01,
    IRQ2_FIFO_EMPTY = 0x40,
    IRQ2_FIFO_LEVEL = 0x20,
    IRQ2_FIFO_OVERRUN = 0x10, // writing it empties the FIFO
    IRQ2_PACKET_SENT = 0x08,
    IRQ2_PAYLOAD_READY = 0x04,
    IRQ2_CRC_OK = 0x02,
};

#define VERSION_SX1272 (0x22)
#define VERSION_SX1276 (0x12)

#endif // USOCKET_RADIO_SX127X_REGS_H
