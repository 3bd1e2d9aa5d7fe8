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

# The bindings of every firmware, and those of a feature.
set(USOCKET_BINDINGS_SOURCES
    ${USOCKET_MODULES_DIR}/bindings/modsocket.c
    ${USOCKET_MODULES_DIR}/bindings/socket_addr.c
    ${USOCKET_MODULES_DIR}/bindings/socket_data.c
    ${USOCKET_MODULES_DIR}/bindings/socket_errno.c
    ${USOCKET_MODULES_DIR}/bindings/socket_exception.c
    ${USOCKET_MODULES_DIR}/bindings/socket_families.c
    ${USOCKET_MODULES_DIR}/bindings/socket_settings.c
    ${USOCKET_MODULES_DIR}/bindings/socket_stream.c
    ${USOCKET_MODULES_DIR}/bindings/socket_wait.c
)

set(USOCKET_BINDINGS_INET_SOURCES
    ${USOCKET_MODULES_DIR}/bindings/socket_inet.c
)

set(USOCKET_BINDINGS_TLS_SOURCES
    ${USOCKET_MODULES_DIR}/bindings/modssl.c
    ${USOCKET_MODULES_DIR}/bindings/modssl_context.c
    ${USOCKET_MODULES_DIR}/bindings/modssl_error.c
    ${USOCKET_MODULES_DIR}/bindings/modssl_file.c
    ${USOCKET_MODULES_DIR}/bindings/modssl_session.c
    ${USOCKET_MODULES_DIR}/bindings/modssl_socket.c
    ${USOCKET_MODULES_DIR}/bindings/stream_net.c
)

set(USOCKET_BINDINGS_RADIO_SOURCES
    ${USOCKET_MODULES_DIR}/bindings/network_radio.c
)

set(USOCKET_BINDINGS_LORA_SOURCES
    ${USOCKET_MODULES_DIR}/bindings/modlora.c
    ${USOCKET_MODULES_DIR}/bindings/modlora_events.c
    ${USOCKET_MODULES_DIR}/bindings/modlora_settings.c
    ${USOCKET_MODULES_DIR}/bindings/modlora_wan.c
    ${USOCKET_MODULES_DIR}/bindings/modlora_wan_status.c
)

set(USOCKET_BINDINGS_SIGFOX_SOURCES
    ${USOCKET_MODULES_DIR}/bindings/modsigfox.c
)

# usocket_select(FEATURES bindings core definitions): the sources of a firmware with
# these features (a list of inet, tls, lora, sigfox), with Python and without, and
# the definitions that go with them. micropython.mk has the same rules.
function(usocket_select features bindings core definitions)
    set(known inet tls lora sigfox)
    set(unknown ${features})
    list(REMOVE_ITEM unknown ${known})
    if(unknown)
        message(FATAL_ERROR "USOCKET_FEATURES has '${unknown}': allowed are inet, tls, lora and sigfox")
    endif()
    if(NOT "inet" IN_LIST features AND NOT "lora" IN_LIST features AND NOT "sigfox" IN_LIST features)
        message(FATAL_ERROR "USOCKET_FEATURES is '${features}': name at least one of inet, lora and sigfox")
    endif()
    if("tls" IN_LIST features AND NOT "inet" IN_LIST features)
        message(FATAL_ERROR "USOCKET_FEATURES is '${features}': tls needs inet")
    endif()
    set(rooms NET)
    set(groups "")
    set(switches "")
    foreach(feature IN LISTS known)
        string(TOUPPER ${feature} name)
        if(feature IN_LIST features)
            list(APPEND groups ${name})
            list(APPEND rooms ${name})
            list(APPEND switches USOCKET_${name}=1)
        else()
            list(APPEND switches USOCKET_${name}=0)
        endif()
    endforeach()
    if("lora" IN_LIST features)
        list(APPEND rooms LORAWAN)
    endif()
    if("lora" IN_LIST features OR "sigfox" IN_LIST features)
        list(APPEND rooms CRYPTO RADIO)
        list(APPEND groups RADIO)
    endif()
    set(with_python ${USOCKET_BINDINGS_SOURCES})
    foreach(group IN LISTS groups)
        list(APPEND with_python ${USOCKET_BINDINGS_${group}_SOURCES})
    endforeach()
    set(without_python "")
    foreach(room IN LISTS rooms)
        list(APPEND without_python ${USOCKET_${room}_SOURCES})
    endforeach()
    set(${bindings} ${with_python} PARENT_SCOPE)
    set(${core} ${without_python} PARENT_SCOPE)
    set(${definitions} ${switches} PARENT_SCOPE)
endfunction()
