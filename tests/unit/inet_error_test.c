// The border to lwIP's error numbers.
// SPDX-License-Identifier: MIT
#include "check.h"
#include "inet/inet_conn.h"

int main(void) {
    CHECK(inet_error(ERR_WOULDBLOCK) == -11, "nothing now is EAGAIN, 11");
    CHECK(inet_error(ERR_TIMEOUT) == -11, "nothing came in time is EAGAIN too: the wait loop decides");
    CHECK(inet_error(ERR_INPROGRESS) == -119, "EINPROGRESS is 119 as on the ESP32");
    CHECK(inet_error(ERR_CONN) == -128, "ENOTCONN is 128");
    CHECK(inet_error(ERR_ISCONN) == -127, "EISCONN is 127");
    CHECK(inet_error(ERR_USE) == -112, "EADDRINUSE is 112");
    CHECK(inet_error(ERR_RTE) == -118, "no route is EHOSTUNREACH, 118");
    CHECK(inet_error(ERR_RST) == -104, "a reset is ECONNRESET");
    CHECK(inet_error(ERR_MEM) == -12, "no memory is ENOMEM");
    CHECK(inet_error(ERR_OK) == -5, "an error that is no error is still an error");
    CHECK(inet_error(1) == -5 && inet_error(-100) == -5, "what nobody knows is EIO");
    for (err_t err = -1; err >= ERR_ARG; --err) {
        CHECK(inet_error(err) < 0 && (inet_error(err) != -5 || err == ERR_ARG), "every error of lwIP has a number");
    }
    return check_result();
}
