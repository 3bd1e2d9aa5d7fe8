// lwIP's operating system on the host: mailboxes, semaphores, memory, events.
// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <unistd.h>

#include "lwip/memp.h"
#include "lwip/stats.h"
#include "lwip/sys.h"

#include "check.h"
#include "host_event.h"
#include "host_mem.h"

static void *const message = (void *)0x1234;

static void a_mailbox_holds_what_was_asked_for(void) {
    for (int size = 1; size <= 40; size += 13) {
        sys_mbox_t mbox;
        CHECK(sys_mbox_new(&mbox, size) == ERR_OK, "a mailbox is made");
        for (intptr_t i = 1; i <= size; i++) {
            CHECK(sys_mbox_trypost(&mbox, (void *)i) == ERR_OK, "it has room up to its size");
        }
        CHECK(sys_mbox_trypost(&mbox, message) == ERR_MEM, "it takes no more than its size");
        for (intptr_t i = 1; i <= size; i++) {
            void *got = NULL;
            CHECK(sys_arch_mbox_tryfetch(&mbox, &got) == 0 && got == (void *)i, "first in is first out");
        }
        CHECK(sys_arch_mbox_tryfetch(&mbox, NULL) == SYS_MBOX_EMPTY, "it is empty at the end");
        sys_mbox_free(&mbox);
    }
}

static void waits_end_after_their_time(void) {
    sys_mbox_t mbox;
    sys_sem_t sem;
    sys_mbox_new(&mbox, 1);
    sys_sem_new(&sem, 1);
    u32_t start = sys_now();
    CHECK(sys_arch_mbox_fetch(&mbox, NULL, 30) == SYS_ARCH_TIMEOUT, "a fetch ends without a message");
    CHECK(sys_arch_sem_wait(&sem, 30) != SYS_ARCH_TIMEOUT, "a semaphore starts with its count");
    CHECK(sys_arch_sem_wait(&sem, 30) == SYS_ARCH_TIMEOUT, "a wait ends without a signal");
    u32_t took = sys_now() - start;
    CHECK(took >= 58 && took < 1000, "both took their 30 ms");
    sys_mbox_free(&mbox);
    sys_sem_free(&sem);
}

static sys_mbox_t shared;

static void *fetch_one(void *arg) {
    (void)arg;
    void *got = message;
    sys_arch_mbox_fetch(&shared, &got, 0);
    return got;
}

static void *post_one(void *arg) {
    (void)arg;
    sys_mbox_post(&shared, message);
    return NULL;
}

static void a_post_waits_for_room_and_wakes_the_reader(void) {
    pthread_t thread;
    void *got = NULL;
    sys_mbox_new(&shared, 1);
    sys_mbox_post(&shared, (void *)1);
    pthread_create(&thread, NULL, post_one, NULL);
    usleep(20000);
    CHECK(sys_arch_mbox_fetch(&shared, &got, 100) == 0 && got == (void *)1, "the first message arrives");
    CHECK(sys_arch_mbox_fetch(&shared, &got, 1000) == 0 && got == message, "the message that waited arrives");
    pthread_join(thread, NULL);
    sys_mbox_free(&shared);
}

static void freeing_a_mailbox_sends_its_reader_away(void) {
    pthread_t thread;
    void *got = message;
    sys_mbox_new(&shared, 1);
    pthread_create(&thread, NULL, fetch_one, NULL);
    usleep(20000);
    sys_mbox_free(&shared);
    pthread_join(thread, &got);
    CHECK(got == NULL, "the reader of a freed mailbox gets nothing");
}

static void *use_own_semaphore(void *arg) {
    (void)arg;
    return host_thread_sem_get();
}

static void a_threads_semaphore_goes_with_it(void) {
    size_t before = lwip_stats.sys.sem.used;
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, use_own_semaphore, NULL);
        pthread_join(thread, NULL);
    }
    CHECK(lwip_stats.sys.sem.used == before, "an ended thread leaves no semaphore");
}

static void *protect_often(void *arg) {
    volatile int *counter = arg;
    for (int i = 0; i < 100000; i++) {
        sys_prot_t outer = sys_arch_protect();
        sys_prot_t inner = sys_arch_protect();
        *counter += 1;
        sys_arch_unprotect(inner);
        sys_arch_unprotect(outer);
    }
    return NULL;
}

static void short_sections_exclude_each_other_and_nest(void) {
    int counter = 0;
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, protect_often, &counter);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(counter == 300000, "only one thread is inside");
}

static void memory_is_counted_and_refused(void) {
    host_mem_stats_t before;
    host_mem_stats_t after;
    host_mem_stats(&before);
    void *a = mem_malloc(100);
    host_mem_stats(&after);
    CHECK(after.blocks == before.blocks + 1 && after.bytes >= before.bytes + 100, "a block is counted");
    host_mem_fail(2);
    void *b = mem_malloc(10);
    void *c = mem_malloc(10);
    void *d = mem_calloc(1, 10);
    CHECK(b != NULL && c == NULL && d != NULL, "only the second allocation is refused");
    host_mem_fail(-1);
    CHECK(mem_malloc(10) == NULL && mem_malloc(10) == NULL, "all are refused");
    host_mem_fail(0);
    mem_free(a);
    mem_free(b);
    mem_free(d);
    host_mem_stats(&after);
    CHECK(after.blocks == before.blocks && after.bytes == before.bytes, "a freed block is not counted");
    CHECK(after.refused == before.refused + 3, "refusals are counted");
}

static void *signal_later(void *arg) {
    (void)arg;
    usleep(20000);
    host_event_signal();
    return NULL;
}

static void an_event_wakes_and_is_not_lost(void) {
    pthread_t thread;
    host_event_signal();
    host_event_wait(0);
    u32_t start = sys_now();
    host_event_wait(50);
    CHECK(sys_now() - start >= 48, "a signal wakes once");
    pthread_create(&thread, NULL, signal_later, NULL);
    start = sys_now();
    host_event_wait(5000);
    CHECK(sys_now() - start < 2000, "a signal wakes");
    pthread_join(thread, NULL);
    host_event_signal();
    start = sys_now();
    host_event_wait(5000);
    CHECK(sys_now() - start < 2000, "a signal before the wait is not lost");
}

int main(void) {
    lwip_stats.sys.sem.used = 0;
    a_mailbox_holds_what_was_asked_for();
    waits_end_after_their_time();
    a_post_waits_for_room_and_wakes_the_reader();
    freeing_a_mailbox_sends_its_reader_away();
    a_threads_semaphore_goes_with_it();
    short_sections_exclude_each_other_and_nest();
    memory_is_counted_and_refused();
    an_event_wakes_and_is_not_lost();
    return check_result();
}
