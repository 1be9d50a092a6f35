/* wasmote_test.h's RTOS on Zephyr. */
#include "wasmote_test.h"

#include <zephyr/ztest_error_hook.h>

#define THREADS 4

static K_THREAD_STACK_ARRAY_DEFINE(stacks, THREADS, TEST_STACK_SIZE);
static bool stack_used[THREADS];

void test_sleep_ms(uint32_t milliseconds)
{
    k_msleep((int32_t)milliseconds);
}

void test_sem_init(test_sem_t *semaphore, unsigned count)
{
    k_sem_init(semaphore, count, 100);
}

void test_sem_give(test_sem_t *semaphore)
{
    k_sem_give(semaphore);
}

bool test_sem_take(test_sem_t *semaphore, uint32_t timeout_ms)
{
    return k_sem_take(semaphore, K_MSEC(timeout_ms)) == 0;
}

static void run(void *entry, void *argument, void *unused)
{
    ARG_UNUSED(unused);
    ((void (*)(void *))entry)(argument);
}

void test_thread_start(test_thread_t *thread, void (*entry)(void *), void *argument)
{
    int slot = 0;
    while (slot < THREADS && stack_used[slot]) {
        slot++;
    }
    CHECK(slot < THREADS);
    stack_used[slot] = true;
    thread->stack = stacks[slot];
    k_thread_create(&thread->kernel, thread->stack, K_THREAD_STACK_SIZEOF(stacks[slot]), run, (void *)entry, argument,
                    NULL, TEST_PRIORITY, IS_ENABLED(CONFIG_FPU_SHARING) ? K_FP_REGS : 0, K_NO_WAIT);
}

void test_thread_join(test_thread_t *thread)
{
    CHECK_EQ(k_thread_join(&thread->kernel, K_SECONDS(10)), 0);
    for (int slot = 0; slot < THREADS; slot++) {
        if (thread->stack == stacks[slot]) {
            stack_used[slot] = false;
        }
    }
}

/* A timer's expiry function runs in the system clock's interrupt. */
static struct {
    struct k_timer timer;
    void (*callback)(void *);
    void *argument;
} interrupt;

static void on_expiry(struct k_timer *timer)
{
    ARG_UNUSED(timer);
    interrupt.callback(interrupt.argument);
}

void test_isr_after_us(uint32_t microseconds, void (*callback)(void *), void *argument)
{
    k_timer_init(&interrupt.timer, on_expiry, NULL);
    interrupt.callback = callback;
    interrupt.argument = argument;
    k_timer_start(&interrupt.timer, K_USEC(microseconds), K_NO_WAIT);
}

static volatile int fatal_error;

void test_expect_fatal_error(void)
{
    fatal_error = -1;
    ztest_set_fault_valid(true);
}

int test_fatal_error(void)
{
    ztest_set_fault_valid(false);
    return fatal_error;
}

/* Called by ztest after a fatal error in a thread that said that one would come; the kernel then ends the thread. */
void ztest_post_fatal_error_hook(unsigned int reason, const struct arch_esf *frame)
{
    ARG_UNUSED(frame);
    fatal_error = (int)reason;
}
