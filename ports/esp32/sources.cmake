# Sources of the ESP32's port, read by modules/micropython.cmake.
get_filename_component(USOCKET_PORTS_DIR ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)

# What of ESP-IDF is used.
set(USOCKET_ESP32_COMPONENTS
    bootloader_support driver esp_common esp_eth esp_event esp_hw_support esp_netif esp_rom esp_system
    esp_timer freertos hal heap log lwip mbedtls newlib nvs_flash soc spi_flash
)

set(USOCKET_ESP32_INET_SOURCES
    ${USOCKET_PORTS_DIR}/esp32/esp32_inet.c
    ${USOCKET_PORTS_DIR}/esp32/esp32_openeth.c
)

set(USOCKET_ESP32_RADIO_SOURCES
    ${USOCKET_PORTS_DIR}/esp32/esp32_board.c
    ${USOCKET_PORTS_DIR}/esp32/esp32_sector.c
    ${USOCKET_PORTS_DIR}/esp32/esp32_store.c
    ${USOCKET_PORTS_DIR}/esp32/esp32_task.c
)

set(USOCKET_ESP32_SPI_SOURCES
    ${USOCKET_PORTS_DIR}/esp32/esp32_clock.c
    ${USOCKET_PORTS_DIR}/esp32/esp32_lines.c
    ${USOCKET_PORTS_DIR}/esp32/esp32_spi.c
    ${USOCKET_PORTS_DIR}/esp32/esp32_stream.c
)

set(USOCKET_ESP32_SIM_SOURCES
    ${USOCKET_PORTS_DIR}/esp32/esp32_sim.c
    ${USOCKET_PORTS_DIR}/sim/sim_air.c
    ${USOCKET_PORTS_DIR}/sim/sim_air_channel.c
    ${USOCKET_PORTS_DIR}/sim/sim_chip.c
    ${USOCKET_PORTS_DIR}/sim/sim_chip_fsk.c
    ${USOCKET_PORTS_DIR}/sim/sim_chip_fsk_rx.c
    ${USOCKET_PORTS_DIR}/sim/sim_chip_fsk_stream.c
    ${USOCKET_PORTS_DIR}/sim/sim_chip_fsk_tx.c
    ${USOCKET_PORTS_DIR}/sim/sim_chip_lora.c
    ${USOCKET_PORTS_DIR}/sim/sim_chip_lora_cad.c
    ${USOCKET_PORTS_DIR}/sim/sim_chip_lora_rx.c
    ${USOCKET_PORTS_DIR}/sim/sim_chip_lora_tx.c
    ${USOCKET_PORTS_DIR}/sim/sim_chip_mode.c
    ${USOCKET_PORTS_DIR}/sim/sim_chip_pa.c
    ${USOCKET_PORTS_DIR}/sim/sim_chip_reset.c
    ${USOCKET_PORTS_DIR}/sim/sim_chip_spi.c
    ${USOCKET_PORTS_DIR}/sim/sim_math.c
    ${USOCKET_PORTS_DIR}/sim/sim_stream.c
    ${USOCKET_PORTS_DIR}/sim/sim_time.c
)

set(USOCKET_ESP32_SIM_BINDINGS_SOURCES
    ${USOCKET_PORTS_DIR}/esp32/radiosim_port.c
    ${USOCKET_PORTS_DIR}/radiosim/modradiosim.c
    ${USOCKET_PORTS_DIR}/radiosim/radiosim_chip.c
    ${USOCKET_PORTS_DIR}/radiosim/radiosim_pin.c
)

# usocket_esp32_select(FEATURES SIMULATED port bindings): the port's sources for these
# features, without Python and with.
function(usocket_esp32_select features simulated port bindings)
    set(without "")
    set(with "")
    if("inet" IN_LIST features)
        list(APPEND without ${USOCKET_ESP32_INET_SOURCES})
    endif()
    if("lora" IN_LIST features OR "sigfox" IN_LIST features)
        list(APPEND without ${USOCKET_ESP32_RADIO_SOURCES})
        if(simulated)
            list(APPEND without ${USOCKET_ESP32_SIM_SOURCES})
            list(APPEND with ${USOCKET_ESP32_SIM_BINDINGS_SOURCES})
        else()
            list(APPEND without ${USOCKET_ESP32_SPI_SOURCES})
        endif()
    endif()
    if("sigfox" IN_LIST features)
        list(APPEND without ${USOCKET_PORTS_DIR}/esp32/esp32_sigfox.c)
    endif()
    set(${port} ${without} PARENT_SCOPE)
    set(${bindings} ${with} PARENT_SCOPE)
endfunction()
