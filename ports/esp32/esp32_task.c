// hal.h over FreeRTOS: the radio task, its lock, and waiting.
//
// MicroPython's soft reset deletes Python's threads wherever they are. They and the
// main task, which deletes them, share one core. So whoever holds the lock has the
// priority of the radio task: until it gives the lock up the main task does not get to
// run, and nobody can be deleted with the lock. That is also the priority inheritance
// that hal.h asks for, in advance. A thread that waits for the lock, or in hal_wait(),
// leaves nothing behind: both are lists that FreeRTOS takes a deleted task out of.
// SPDX-License-Identifier: MIT
#include <stdatomic.h>

#include "freertos/FreeRTOS.h"
#include "freertos/event_groups.h"
#include "freertos/semphr.h"
#include "freertos/task.h"

#include "esp_attr.h"

#include "esp32_config.h"
#include "esp32_radio.h"
#include "hal/hal.h"
#include "net/net_errno.h"

#if CONFIG_FREERTOS_UNICORE
#define CORE (0)
#else
#define CORE (1) // MicroPython's; Wi-Fi and Bluetooth are on the other one
#endif
// Turns in which hal_notify() wakes: so many would have to pass between the two steps
// of a hal_wait() before one was missed.
#define TURNS (16)

// MicroPython's own task, which sleeps in poll loops; no header of a Python-free room
// has it.
extern TaskHandle_t mp_main_task_handle;

static StaticSemaphore_t lock_memory;
static SemaphoreHandle_t lock;
static StaticEventGroup_t turns_memory;
static EventGroupHandle_t turns;
static unsigned turn; // locked
static UBaseType_t priority_before; // of who holds the lock

static StaticTask_t task_memory;
static StackType_t task_stack[USOCKET_RADIO_TASK_STACK / sizeof(StackType_t)];
static TaskHandle_t task; // NULL before the start
static hal_run_t task_run;
static atomic_bool pending;

// Before any task runs, since hal_lock() may be the first call.
__attribute__((constructor)) static void make_lock(void) {
    lock = xSemaphoreCreateMutexStatic(&lock_memory);
    turns = xEventGroupCreateStatic(&turns_memory);
}

// --- Lock --------------------------------------------------------------------

bool esp32_task_locked(void) {
    return xSemaphoreGetMutexHolder(lock) == xTaskGetCurrentTaskHandle();
}

void hal_lock(void) {
    UBaseType_t before = uxTaskPriorityGet(NULL);
    if (before < USOCKET_RADIO_TASK_PRIORITY) {
        vTaskPrioritySet(NULL, USOCKET_RADIO_TASK_PRIORITY);
    }
    xSemaphoreTake(lock, portMAX_DELAY);
    priority_before = before;
    esp32_radio_entered();
}

void hal_unlock(void) {
    UBaseType_t before = priority_before;
    esp32_radio_leaving();
    xSemaphoreGive(lock);
    if (before < USOCKET_RADIO_TASK_PRIORITY) {
        vTaskPrioritySet(NULL, before);
    }
}

void hal_wait(uint32_t timeout_ms) {
    UBaseType_t before = priority_before;
    EventBits_t mine = 1u << turn;
    TickType_t ticks = pdMS_TO_TICKS(timeout_ms);
    esp32_radio_leaving();
    xSemaphoreGive(lock);
    xEventGroupWaitBits(turns, mine, pdFALSE, pdTRUE, ticks == 0 ? 1 : ticks);
    xSemaphoreTake(lock, portMAX_DELAY);
    priority_before = before;
    esp32_radio_entered();
}

// Sets the bit of this turn, for those that wait for it now or are about to, and begins
// the next turn with its bit clear.
void hal_notify(void) {
    unsigned over = turn;
    turn = (turn + 1) % TURNS;
    xEventGroupClearBits(turns, 1u << turn);
    xEventGroupSetBits(turns, 1u << over);
    esp32_task_signal();
}

void esp32_task_signal(void) {
    if (mp_main_task_handle != NULL) {
        xTaskNotifyGive(mp_main_task_handle);
    }
}

// --- Task --------------------------------------------------------------------

bool esp32_task_pending(void) {
    return atomic_load(&pending);
}

void IRAM_ATTR esp32_task_look(void) {
    if (task == NULL) {
        return;
    }
    if (xPortInIsrContext()) {
        BaseType_t woken = pdFALSE;
        vTaskNotifyGiveFromISR(task, &woken);
        portYIELD_FROM_ISR(woken);
    } else {
        xTaskNotifyGive(task);
    }
}

void IRAM_ATTR hal_wake(void) {
    atomic_store(&pending, true);
    esp32_task_look();
}

static void task_body(void *arg) {
    (void)arg;
    for (;;) {
        hal_lock();
        while (atomic_exchange(&pending, false)) {
            task_run(esp32_radio_edge());
            hal_unlock(); // others may have the lock before the next call
            hal_lock();
        }
        uint32_t idle_ms = esp32_radio_idle_ms();
        hal_unlock();
        ulTaskNotifyTake(pdTRUE, idle_ms == UINT32_MAX ? portMAX_DELAY : pdMS_TO_TICKS(idle_ms) + 1);
    }
}

static int start(hal_run_t run) {
    int ret = esp32_radio_start();
    if (ret != 0) {
        return ret;
    }
    task_run = run;
    task = xTaskCreateStaticPinnedToCore(task_body, "radio", sizeof(task_stack), NULL,
        USOCKET_RADIO_TASK_PRIORITY, task_stack, &task_memory, CORE);
    hal_wake();
    return 0;
}

int hal_start(hal_run_t run) {
    hal_lock();
    int ret = task != NULL ? 0 : start(run);
    hal_unlock();
    if (ret == 0) {
        esp32_radio_watch();
    }
    return ret;
}
