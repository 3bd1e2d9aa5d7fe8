// ESP-IDF's log macros, and the socket calls that modsocket.c makes by their
// POSIX names: ESP-IDF sends them through its VFS layer to lwIP, here they go to
// lwIP at once, which is in the peer's favour. This is the last header that
// modsocket.c includes, and nothing else includes it.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_BENCH_PEER_ESP_LOG_H
#define USOCKET_BENCH_PEER_ESP_LOG_H

#define ESP_LOGE(tag, format, ...) ((void)(tag))
#define ESP_LOGI(tag, format, ...) ((void)(tag))

#define fcntl(...) PEER_FCNTL(__VA_ARGS__, 0, 0)
#define PEER_FCNTL(fd, cmd, arg, ...) lwip_fcntl(fd, cmd, arg)
#define select(nfds, rd, wr, ex, timeout) lwip_select(nfds, rd, wr, ex, timeout)
#define getsockopt(fd, level, opt, val, len) lwip_getsockopt(fd, level, opt, val, len)
#define ntohs(x) lwip_ntohs(x)

// The unix port takes this from the PC's socket header; the ESP32 port has the
// default of py/mpconfig.h.
#undef MICROPY_PY_SOCKET_LISTEN_BACKLOG_DEFAULT
#define MICROPY_PY_SOCKET_LISTEN_BACKLOG_DEFAULT (2)

#endif // USOCKET_BENCH_PEER_ESP_LOG_H
