// Empty: the peer is built without ESP-IDF's mDNS client.
// SPDX-License-Identifier: MIT
