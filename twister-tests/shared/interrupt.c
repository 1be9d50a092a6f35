/* Interrupting an instance: from another thread, from an interrupt service routine, in every kind of endless loop. */
#include "wasmote_test.h"

GUEST(host_call);
GUEST(loop_forever);
GUEST(start_forever);

TEST_SUITE(interrupt);

static struct guest guest;

static void interrupt_guest(void *argument)
{
    (void)argument;
    wasmote_instance_interrupt(guest.instance);
}

/* It came, the instance knows of it no more after being told so, and can be used again. */
static void expect_interrupted(wasmote_status_t status, const char *again)
{
    CHECK_STATUS(status, WASMOTE_TRAP_INTERRUPTED);
    CHECK_EQ(guest.error.status, WASMOTE_TRAP_INTERRUPTED);
    wasmote_instance_clear_interrupt(guest.instance);
    if (again != NULL) {
        wasmote_value_t result;
        CHECK_OK(guest_call(&guest, again, &result, I32(3)));
    }
}

TEST(interrupt, from_an_isr)
{
    static const char *const loops[] = {"empty", "counting", "calling", "calling_indirect", "filling", "tail"};
    if (!TEST_TIME_PASSES_WHILE_BUSY) {
        TEST_SKIP();
    }
    guest_open(&guest, loop_forever, NULL, NULL);
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++) {
        test_isr_after_us(5000, interrupt_guest, NULL);
        expect_interrupted(guest_call(&guest, loops[i], NULL), NULL);
    }
    test_isr_after_us(5000, interrupt_guest, NULL);
    expect_interrupted(guest_call(&guest, "conditional", NULL, I32(0)), NULL);
    test_isr_after_us(5000, interrupt_guest, NULL);
    expect_interrupted(guest_call(&guest, "by_table", NULL, I32(0)), NULL);
    CHECK_OK(guest_call(&guest, "conditional", NULL, I32(1)));
    guest_close(&guest);
}

/* The handle of an instance is there before its start function has returned: until then, once more a little later. */
static void interrupt_once_made(void *argument)
{
    wasmote_instance_t *volatile *instance = argument;
    if (*instance != NULL) {
        wasmote_instance_interrupt(*instance);
    } else {
        test_isr_after_us(5000, interrupt_once_made, argument);
    }
}

TEST(interrupt, of_a_start_function)
{
    static wasmote_instance_t *instance;
    if (!TEST_TIME_PASSES_WHILE_BUSY) {
        TEST_SKIP();
    }
    instance = NULL;
    CHECK_OK(wasmote_runtime_new(NULL, &guest.runtime));
    CHECK_OK(wasmote_module_load(guest.runtime, start_forever_wasm, start_forever_wasm_size, &guest.module,
                                 &guest.error));
    test_isr_after_us(5000, interrupt_once_made, &instance);
    CHECK_STATUS(wasmote_instance_new(guest.module, NULL, NULL, &instance, &guest.error), WASMOTE_TRAP_INTERRUPTED);
    CHECK_EQ(guest.error.status, WASMOTE_TRAP_INTERRUPTED);
    CHECK_OK(wasmote_module_delete(guest.module));
    CHECK_OK(wasmote_runtime_delete(guest.runtime));
}

/* ---- a guest that keeps calling the host, where time passes in native_sim too ---- */

/* From the tenth call on the guest is surely at work: then this is called. */
static void (*at_work)(void);
static uint32_t ticks;

static wasmote_status_t tick(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    (void)user_data;
    if (++ticks == 10) {
        at_work();
    }
    test_busy_wait_us(10);
    cells[0]++;
    return WASMOTE_OK;
}

static const wasmote_host_func_t tick_function[] = {
    {.module = "env", .name = "tick", .signature = "(i)i", .function = tick},
};
static const wasmote_imports_t tick_imports = {.functions = tick_function, .function_count = 1};

static void interrupt_soon(void)
{
    test_isr_after_us(1000, interrupt_guest, NULL);
}

TEST(interrupt, from_an_isr_between_host_calls)
{
    wasmote_value_t result;
    guest_open(&guest, host_call, &tick_imports, NULL);
    at_work = interrupt_soon;
    for (int i = 0; i < 5; i++) {
        ticks = 0;
        expect_interrupted(guest_call(&guest, "run", &result, I32(INT32_MAX)), "run");
        CHECK(ticks > 10);
    }
    guest_close(&guest);
}

static wasmote_status_t status_in_thread;

static void call_run(void *argument)
{
    (void)argument;
    wasmote_value_t result;
    status_in_thread = guest_call(&guest, "run", &result, I32(INT32_MAX));
}

static test_sem_t guest_is_at_work;

static void tell(void)
{
    test_sem_give(&guest_is_at_work);
}

TEST(interrupt, from_another_thread)
{
    test_thread_t thread;
    test_sem_init(&guest_is_at_work, 0);
    guest_open(&guest, host_call, &tick_imports, NULL);
    at_work = tell;
    for (int i = 0; i < 5; i++) {
        ticks = 0;
        test_thread_start(&thread, call_run, NULL);
        CHECK(test_sem_take(&guest_is_at_work, 5000));
        wasmote_instance_interrupt(guest.instance);
        test_thread_join(&thread);
        expect_interrupted(status_in_thread, "run");
    }
    guest_close(&guest);
}

static void call_empty(void *argument)
{
    (void)argument;
    status_in_thread = guest_call(&guest, "empty", NULL);
}

TEST(interrupt, from_another_thread_of_a_loop_that_does_nothing)
{
    test_thread_t thread;
    if (!TEST_TIME_PASSES_WHILE_BUSY) {
        TEST_SKIP();
    }
    guest_open(&guest, loop_forever, NULL, NULL);
    test_thread_start(&thread, call_empty, NULL);
    test_sleep_ms(10);
    wasmote_instance_interrupt(guest.instance);
    test_thread_join(&thread);
    expect_interrupted(status_in_thread, NULL);
    guest_close(&guest);
}

/* While a host function waits, too: it finishes, and then the call ends. */
static test_sem_t in_host, go_on;

static wasmote_status_t wait_in_host(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    (void)cells;
    (void)user_data;
    test_sem_give(&in_host);
    return test_sem_take(&go_on, 5000) ? WASMOTE_OK : WASMOTE_ERR_HOST;
}

TEST(interrupt, while_a_host_function_waits)
{
    static const wasmote_host_func_t function[] = {
        {.module = "env", .name = "tick", .signature = "(i)i", .function = wait_in_host},
    };
    static const wasmote_imports_t imports = {.functions = function, .function_count = 1};
    test_thread_t thread;
    test_sem_init(&in_host, 0);
    test_sem_init(&go_on, 0);
    guest_open(&guest, host_call, &imports, NULL);
    test_thread_start(&thread, call_run, NULL);
    CHECK(test_sem_take(&in_host, 5000));
    wasmote_instance_interrupt(guest.instance);
    test_sem_give(&go_on);
    test_thread_join(&thread);
    expect_interrupted(status_in_thread, NULL);
    CHECK(!test_sem_take(&in_host, 0)); /* it was called once */
    guest_close(&guest);
}

TEST(interrupt, before_the_call)
{
    wasmote_value_t result;
    guest_open(&guest, host_call, &tick_imports, NULL);
    ticks = 0;
    wasmote_instance_interrupt(guest.instance);
    expect_interrupted(guest_call(&guest, "run", &result, I32(5)), NULL);
    CHECK(ticks < 2);
    wasmote_instance_interrupt(guest.instance);
    wasmote_instance_clear_interrupt(guest.instance);
    CHECK_OK(guest_call(&guest, "run", &result, I32(3)));
    guest_close(&guest);
}

/* One instance's interrupt is no other's, though they share a module. */
TEST(interrupt, reaches_one_instance_only)
{
    wasmote_value_t result;
    struct guest other;
    guest_open(&guest, host_call, &tick_imports, NULL);
    other = guest;
    CHECK_OK(wasmote_instance_new(guest.module, &tick_imports, NULL, &other.instance, &other.error));
    wasmote_instance_interrupt(guest.instance);
    ticks = 0;
    CHECK_OK(guest_call(&other, "run", &result, I32(5)));
    CHECK_EQ(ticks, 5);
    expect_interrupted(guest_call(&guest, "run", &result, I32(5)), NULL);
    CHECK(ticks <= 6);
    CHECK_OK(wasmote_instance_delete(other.instance));
    guest_close(&guest);
}
