# The module for MicroPython ports that build with CMake, which is the ESP32's:
#     idf.py -D MICROPY_BOARD_DIR=... -D USER_C_MODULES=<repository>/modules/micropython.cmake build
#     make -C ports/esp32 BOARD_DIR=... USER_C_MODULES=<repository>/modules/micropython.cmake
# Ports that build with make use micropython.mk.
#
# USOCKET_FEATURES (-D, or set() in a board's mpconfigboard.cmake): what is in the
# firmware, of inet, tls, lora, sigfox; all by default.
# USOCKET_SIMULATED_RADIO (the same): the radio is ports/sim's chip, for emulators.
#
# MicroPython scans the sources of `usermod` for names and compiles them with its own
# options: only the bindings are there. The other rooms and ports/esp32 know no Python;
# they are a library with ESP-IDF's options, as its components are.

# A function, so that nothing but targets is left behind.
function(usocket_add modules)
    if(NOT COMMAND idf_build_get_property)
        message(FATAL_ERROR "usocket: of the ports that build with CMake, only esp32 is supported")
    endif()
    include(${modules}/sources.cmake)
    include(${modules}/../ports/esp32/sources.cmake)
    if(NOT USOCKET_FEATURES)
        set(USOCKET_FEATURES inet tls lora sigfox)
    endif()
    string(REPLACE " " ";" features "${USOCKET_FEATURES}")
    usocket_select("${features}" bindings core definitions)
    # A name that Espressif's Wi-Fi library has, too.
    list(APPEND definitions hal_random=usocket_hal_random)
    # mp_thread_deinit() does so with vTaskDelete(), on the core that the threads are on, too.
    list(APPEND definitions USOCKET_RESET_DELETES_THREADS=1)
    usocket_esp32_select("${features}" "${USOCKET_SIMULATED_RADIO}" port port_bindings)

    add_library(usocket_core STATIC ${core} ${port})
    set_target_properties(usocket_core PROPERTIES C_STANDARD 17 C_EXTENSIONS ON)
    target_include_directories(usocket_core PUBLIC ${modules})
    target_include_directories(usocket_core PRIVATE ${USOCKET_PORTS_DIR}/esp32 ${USOCKET_PORTS_DIR}/sim)
    # What a board sets in its mpconfigboard.h, and a variant in MICROPY_DEF_BOARD.
    target_compile_definitions(usocket_core PRIVATE ${definitions} ${MICROPY_DEF_BOARD})
    if(EXISTS ${MICROPY_BOARD_DIR}/mpconfigboard.h)
        get_filename_component(board_header ${MICROPY_BOARD_DIR}/mpconfigboard.h ABSOLUTE)
        target_compile_options(usocket_core PRIVATE "SHELL:-include ${board_header}")
    endif()
    foreach(property COMPILE_OPTIONS C_COMPILE_OPTIONS)
        idf_build_get_property(options ${property} GENERATOR_EXPRESSION)
        target_compile_options(usocket_core PRIVATE ${options})
    endforeach()
    target_compile_options(usocket_core PRIVATE -Wall -Wextra)
    idf_build_get_property(idf_definitions COMPILE_DEFINITIONS GENERATOR_EXPRESSION)
    target_compile_definitions(usocket_core PRIVATE ${idf_definitions})
    idf_build_get_property(idf_includes INCLUDE_DIRECTORIES GENERATOR_EXPRESSION)
    target_include_directories(usocket_core PRIVATE ${idf_includes})
    foreach(component IN LISTS USOCKET_ESP32_COMPONENTS)
        target_link_libraries(usocket_core PRIVATE idf::${component})
    endforeach()

    add_library(usermod_usocket INTERFACE)
    target_sources(usermod_usocket INTERFACE ${bindings} ${port_bindings})
    target_include_directories(usermod_usocket INTERFACE ${modules})
    if(port_bindings)
        target_include_directories(usermod_usocket INTERFACE ${USOCKET_PORTS_DIR}/sim ${USOCKET_PORTS_DIR}/radiosim
            ${USOCKET_PORTS_DIR}/esp32)
    endif()
    target_compile_definitions(usermod_usocket INTERFACE ${definitions})
    # MicroPython passes them on from 1.28 on; before, what it links is not optimised.
    idf_build_get_property(options COMPILE_OPTIONS)
    target_compile_options(usermod_usocket INTERFACE ${options})
    target_link_libraries(usermod_usocket INTERFACE usocket_core)
    target_link_libraries(usermod INTERFACE usermod_usocket)
endfunction()

usocket_add(${CMAKE_CURRENT_LIST_DIR})
