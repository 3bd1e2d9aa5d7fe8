// The whole unit test framework: a check with a sentence, and a count at the end.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_TESTS_UNIT_CHECK_H
#define USOCKET_TESTS_UNIT_CHECK_H

#include <stdio.h>

static int check_failures;
static int check_count;

// The sentence states the rule that must hold.
#define CHECK(cond, sentence) \
    do { \
        ++check_count; \
        if (!(cond)) { \
            ++check_failures; \
            printf("%s:%d: %s\n    (%s)\n", __FILE__, __LINE__, sentence, #cond); \
        } \
    } while (0)

// main() returns this.
static inline int check_result(void) {
    printf("%d checks, %d failed\n", check_count, check_failures);
    return check_failures != 0 || check_count == 0;
}

#endif // USOCKET_TESTS_UNIT_CHECK_H
