# SPDX-License-Identifier: MIT
"""A virtual LoRaWAN gateway between the simulated air and a network server."""
