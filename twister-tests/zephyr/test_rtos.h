/* What wasmote_test.h wants from the RTOS: Zephyr, with ztest. */
#ifndef TEST_RTOS_H
#define TEST_RTOS_H
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#define TEST_SUITE(suite) ZTEST_SUITE(suite, NULL, NULL, NULL, NULL, NULL)
#define TEST(suite, name) ZTEST(suite, test_##name)
#define TEST_SKIP() ztest_test_skip()

#define TEST_OPTION(symbol) IS_ENABLED(symbol)

#define test_fail(...)         \
    do {                       \
        printk(__VA_ARGS__);   \
        ztest_test_fail();     \
    } while (0)

/* For wasmote_thread_start: less urgent than ztest's thread, and than a test's own threads. */
#define TEST_PRIORITY 8

/* In native_sim, time stands still while the CPU computes: a thread that never waits is never interrupted. */
#define TEST_TIME_PASSES_WHILE_BUSY (!IS_ENABLED(CONFIG_ARCH_POSIX))

#define TEST_CODE_IS_GUARDED IS_ENABLED(CONFIG_ARM_MPU)

/* For a thread that is to end by a fatal error, a fault or a panic, which it says first; the kernel's reason afterwards, -1
 * if there was none. */
void test_expect_fatal_error(void);
int test_fatal_error(void);

static inline void test_busy_wait_us(uint32_t microseconds)
{
    k_busy_wait(microseconds);
}

typedef struct k_sem test_sem_t;

#define TEST_STACK_SIZE (CONFIG_ZTEST_STACK_SIZE)
typedef struct test_thread {
    struct k_thread kernel;
    k_thread_stack_t *stack;
} test_thread_t;

#endif
