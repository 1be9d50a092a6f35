/* wasmote_test.h's RTOS on FreeRTOS. */
#include "wasmote_test.h"

#include "wasmote/platform.h"

#define SEMAPHORES 8
#define SEMAPHORE_MAX 100

#define THREAD_PRIORITY 2

void test_sleep_ms(uint32_t milliseconds)
{
    vTaskDelay(pdMS_TO_TICKS(milliseconds) + (milliseconds > 0)); /* the current tick is partly over */
}

/* Semaphores are made once and for all: a test may watch memory. Each test takes them from the beginning. */
static struct {
    SemaphoreHandle_t all[SEMAPHORES];
    unsigned taken;
} semaphores;

void test_prepare_semaphores(void)
{
    semaphores.taken = 0;
    for (unsigned i = 0; i < SEMAPHORES && semaphores.all[i] == NULL; i++) {
#if configSUPPORT_STATIC_ALLOCATION
        static StaticSemaphore_t storage[SEMAPHORES];
        semaphores.all[i] = xSemaphoreCreateCountingStatic(SEMAPHORE_MAX, 0, &storage[i]);
#else
        semaphores.all[i] = xSemaphoreCreateCounting(SEMAPHORE_MAX, 0);
        configASSERT(semaphores.all[i] != NULL);
#endif
    }
}

void test_sem_init(test_sem_t *semaphore, unsigned count)
{
    CHECK(semaphores.taken < SEMAPHORES);
    *semaphore = semaphores.all[semaphores.taken++];
    xQueueReset(*semaphore);
    while (count-- > 0) {
        xSemaphoreGive(*semaphore);
    }
}

static volatile bool in_interrupt;

void test_sem_give(test_sem_t *semaphore)
{
    if (!in_interrupt) {
        xSemaphoreGive(*semaphore);
        return;
    }
    BaseType_t woken = pdFALSE;
    xSemaphoreGiveFromISR(*semaphore, &woken);
    portYIELD_FROM_ISR(woken);
}

bool test_sem_take(test_sem_t *semaphore, uint32_t timeout_ms)
{
    return xSemaphoreTake(*semaphore, pdMS_TO_TICKS(timeout_ms)) == pdTRUE;
}

void test_thread_start(test_thread_t *thread, void (*entry)(void *), void *argument)
{
    *thread = wasmote_platform_thread_start("test", entry, argument, TEST_STACK_SIZE, THREAD_PRIORITY);
    CHECK(*thread != NULL);
}

void test_thread_join(test_thread_t *thread)
{
    CHECK(wasmote_platform_thread_join(*thread, 10000));
}

static struct {
    void (*callback)(void *);
    void *argument;
} interrupt;

static void on_interrupt(void *unused)
{
    (void)unused;
    in_interrupt = true;
    interrupt.callback(interrupt.argument);
    in_interrupt = false;
}

void test_isr_after_us(uint32_t microseconds, void (*callback)(void *), void *argument)
{
    interrupt.callback = callback;
    interrupt.argument = argument;
    board_timer_isr_after_us(microseconds, on_interrupt, NULL);
}
