# SPDX-License-Identifier: MIT
"""A small LoRaWAN 1.0 network server for tests and for trying things out."""
