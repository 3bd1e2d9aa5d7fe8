# Every source of the module, by room. Read by micropython.cmake (ESP-IDF builds)
# and by the host build's CMakeLists.txt; micropython.mk finds the same files by
# wildcard, and tools/check_layers.py checks that both agree.
get_filename_component(USOCKET_MODULES_DIR ${CMAKE_CURRENT_LIST_DIR} ABSOLUTE)

set(USOCKET_NET_SOURCES
    ${USOCKET_MODULES_DIR}/net/net.c
)

set(USOCKET_CRYPTO_SOURCES
    ${USOCKET_MODULES_DIR}/crypto/crypto.c
)

set(USOCKET_RADIO_SOURCES
    ${USOCKET_MODULES_DIR}/radio/radio.c
    ${USOCKET_MODULES_DIR}/radio/radio_airtime.c
    ${USOCKET_MODULES_DIR}/radio/sx127x.c
    ${USOCKET_MODULES_DIR}/radio/sx127x_errata.c
    ${USOCKET_MODULES_DIR}/radio/sx127x_fsk.c
    ${USOCKET_MODULES_DIR}/radio/sx127x_lora.c
    ${USOCKET_MODULES_DIR}/radio/sx127x_power.c
    ${USOCKET_MODULES_DIR}/radio/sx127x_run.c
    ${USOCKET_MODULES_DIR}/radio/sx127x_setup.c
    ${USOCKET_MODULES_DIR}/radio/sx127x_stream.c
)

set(USOCKET_LORAWAN_SOURCES
    ${USOCKET_MODULES_DIR}/lorawan/lorawan.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_adr.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_certification.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_channels.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_commands.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_downlink.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_dutycycle.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_frame.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_join.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_multicast.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_region.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_region_72.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_region_as923.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_region_au915.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_region_cn470.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_region_eu433.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_region_eu868.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_region_in865.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_region_kr920.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_region_ru864.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_region_us915.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_session.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_status.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_uplink.c
    ${USOCKET_MODULES_DIR}/lorawan/lorawan_window.c
)

set(USOCKET_INET_SOURCES
    ${USOCKET_MODULES_DIR}/inet/inet.c
    ${USOCKET_MODULES_DIR}/inet/inet_addr.c
    ${USOCKET_MODULES_DIR}/inet/inet_conn.c
    ${USOCKET_MODULES_DIR}/inet/inet_error.c
    ${USOCKET_MODULES_DIR}/inet/inet_options.c
    ${USOCKET_MODULES_DIR}/inet/inet_resolve.c
)

set(USOCKET_TLS_SOURCES
    ${USOCKET_MODULES_DIR}/tls/tls_config.c
    ${USOCKET_MODULES_DIR}/tls/tls_conn.c
    ${USOCKET_MODULES_DIR}/tls/tls_error.c
    ${USOCKET_MODULES_DIR}/tls/tls_info.c
    ${USOCKET_MODULES_DIR}/tls/tls_ops.c
    ${USOCKET_MODULES_DIR}/tls/tls_random.c
    ${USOCKET_MODULES_DIR}/tls/tls_session.c
)

set(USOCKET_SIGFOX_SOURCES
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_carrier.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_device.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_downlink.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_duty.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_engine.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_frame.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_fsk.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_identity.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_query.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_ramp.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_schedule.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_socket.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_state.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_testmode.c
    ${USOCKET_MODULES_DIR}/sigfox/sigfox_zone.c
)

set(USOCKET_LORA_SOURCES
    ${USOCKET_MODULES_DIR}/lora/lora_engine.c
    ${USOCKET_MODULES_DIR}/lora/lora_events.c
    ${USOCKET_MODULES_DIR}/lora/lora_queue.c
    ${USOCKET_MODULES_DIR}/lora/lora_settings.c
    ${USOCKET_MODULES_DIR}/lora/lora_socket.c
    ${USOCKET_MODULES_DIR}/lora/lora_tx.c
    ${USOCKET_MODULES_DIR}/lora/lora_wan.c
    ${USOCKET_MODULES_DIR}/lora/lora_wan_send.c
    ${USOCKET_MODULES_DIR}/lora/lora_wan_session.c
    ${USOCKET_MODULES_DIR}/lora/lora_wan_store.c
)

set(USOCKET_BINDINGS_SOURCES
    ${USOCKET_MODULES_DIR}/bindings/modlora.c
    ${USOCKET_MODULES_DIR}/bindings/modlora_events.c
    ${USOCKET_MODULES_DIR}/bindings/modlora_settings.c
    ${USOCKET_MODULES_DIR}/bindings/modlora_wan.c
    ${USOCKET_MODULES_DIR}/bindings/modlora_wan_status.c
    ${USOCKET_MODULES_DIR}/bindings/modsigfox.c
    ${USOCKET_MODULES_DIR}/bindings/modsocket.c
    ${USOCKET_MODULES_DIR}/bindings/modssl.c
    ${USOCKET_MODULES_DIR}/bindings/modssl_context.c
    ${USOCKET_MODULES_DIR}/bindings/modssl_error.c
    ${USOCKET_MODULES_DIR}/bindings/modssl_file.c
    ${USOCKET_MODULES_DIR}/bindings/modssl_session.c
    ${USOCKET_MODULES_DIR}/bindings/modssl_socket.c
    ${USOCKET_MODULES_DIR}/bindings/network_radio.c
    ${USOCKET_MODULES_DIR}/bindings/stream_net.c
    ${USOCKET_MODULES_DIR}/bindings/socket_addr.c
    ${USOCKET_MODULES_DIR}/bindings/socket_data.c
    ${USOCKET_MODULES_DIR}/bindings/socket_errno.c
    ${USOCKET_MODULES_DIR}/bindings/socket_exception.c
    ${USOCKET_MODULES_DIR}/bindings/socket_families.c
    ${USOCKET_MODULES_DIR}/bindings/socket_settings.c
    ${USOCKET_MODULES_DIR}/bindings/socket_stream.c
    ${USOCKET_MODULES_DIR}/bindings/socket_wait.c
)
