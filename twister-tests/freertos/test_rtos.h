/* What wasmote_test.h wants from the RTOS: FreeRTOS on an emulated board. main.c runs the tests, rtos.c is the rest. */
#ifndef TEST_RTOS_H
#define TEST_RTOS_H
#include "FreeRTOS.h"
#include "semphr.h"
#include "task.h"

#include "board.h"

struct test {
    const char *suite, *name;
    void (*run)(void);
};

/* The linker gathers the tests of all files in one array. */
#define TEST_SUITE(suite) struct test
#define TEST(suite, name)                                                           \
    static void suite##_##name(void);                                               \
    static const struct test suite##_##name##_test                                  \
        __attribute__((section("wasmote_tests"), used, aligned(sizeof(void *)))) =  \
            {#suite, #name, suite##_##name};                                        \
    static void suite##_##name(void)

enum test_result { TEST_PASSED, TEST_FAILED, TEST_SKIPPED };

/* Ends the running test, in its own thread. */
_Noreturn void test_end(enum test_result result);

#define TEST_SKIP() test_end(TEST_SKIPPED)

#define test_fail(...)             \
    do {                           \
        board_printf(__VA_ARGS__); \
        test_end(TEST_FAILED);     \
    } while (0)

/* An option that is y is defined as 1, another not at all: its name stays as it is. */
#define TEST_OPTION(symbol) TEST_OPTION_IS_1(symbol)
#define TEST_OPTION_IS_1(value) (sizeof #value == sizeof "1")

#define TEST_PRIORITY 1
#define TEST_STACK_SIZE 16384
#define TEST_TIME_PASSES_WHILE_BUSY 1
#define TEST_CODE_IS_GUARDED 0 /* the boards' MPU is off */

static inline void test_expect_fatal_error(void)
{
}

static inline int test_fatal_error(void)
{
    return -1;
}

static inline void test_busy_wait_us(uint32_t microseconds)
{
    (void)microseconds; /* time passes anyway */
}

typedef SemaphoreHandle_t test_sem_t;
typedef void *test_thread_t;

#endif
