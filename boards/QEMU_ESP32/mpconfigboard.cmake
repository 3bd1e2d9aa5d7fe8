set(USOCKET_SIMULATED_RADIO ON)
# Less to build, and no need for MicroPython's submodules.
set(MICROPY_PY_BTREE OFF)

set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    ${CMAKE_CURRENT_LIST_DIR}/sdkconfig.board
)

set(MICROPY_FROZEN_MANIFEST ${CMAKE_CURRENT_LIST_DIR}/manifest.py)
