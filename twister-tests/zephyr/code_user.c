/* Compiled code in user mode. */
#include "wasmote_test.h"

#include <zephyr/ztest_error_hook.h>

#include "wasmote/platform.h"

static K_THREAD_STACK_DEFINE(stack, 1024);

static void call_in_user_mode(void *code, void *unused_2, void *unused_3)
{
    ARG_UNUSED(unused_2);
    ARG_UNUSED(unused_3);
    if (((int (*)(void))code)() != 42) {
        k_oops();
    }
}

static void write_in_user_mode(void *code, void *unused_2, void *unused_3)
{
    ARG_UNUSED(unused_2);
    ARG_UNUSED(unused_3);
    ztest_set_fault_valid(true);
    *(volatile uint8_t *)code = 0;
}

/* The reason of the fatal error that it ended with; -1 if it did not. */
static int run_in_user_mode(k_thread_entry_t entry, void *code)
{
    static struct k_thread thread;
    test_expect_fatal_error();
    k_thread_create(&thread, stack, K_THREAD_STACK_SIZEOF(stack), entry, code, NULL, NULL, TEST_PRIORITY, K_USER,
                    K_NO_WAIT);
    CHECK_EQ(k_thread_join(&thread, K_SECONDS(10)), 0);
    return test_fatal_error();
}

ZTEST(code, test_is_executed_in_user_mode)
{
    static const uint8_t returns_42[] = {42, 0x20, 0x70, 0x47}; /* movs r0, #42; bx lr */
    size_t size;
    uint8_t *const start = wasmote_platform_code_claim(&size);
    CHECK(start != NULL);
    wasmote_platform_code_write(start, returns_42, sizeof(returns_42));
    CHECK_EQ(run_in_user_mode(call_in_user_mode, start + 1), -1);
    CHECK(run_in_user_mode(write_in_user_mode, start) >= 0);
    CHECK_EQ(run_in_user_mode(call_in_user_mode, start + 1), -1);
    wasmote_platform_code_release(start);
}
