/* Calls in threads of their own, and interruption from others. */
#include "capi_test.h"
#include "modules.h"

#include <string.h>

static const wasmote_thread_config_t config = {"test", CAPI_TEST_STACK, 0};

void test_thread(void)
{
    struct fixture f;
    wasmote_thread_t *thread, *second;
    wasmote_instance_t *other;
    wasmote_value_t args[6], results[6];
    wasmote_func_t func, other_func;
    int32_t arg = 1, got;
    int i;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    for (i = 0; i < 6; i++) {
        args[i] = i32_value(i);
    }
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "reverse", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_thread_start(f.instance, func, args, 6, &config, &thread));
    memset(args, 0, sizeof(args));
    CHECK_STATUS(WASMOTE_ERR_TYPE_MISMATCH, wasmote_thread_join(thread, UINT32_MAX, results, 5, NULL));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_thread_join(thread, UINT32_MAX, NULL, 6, NULL));
    CHECK_STATUS(WASMOTE_OK, wasmote_thread_join(thread, UINT32_MAX, results, 6, NULL));
    for (i = 0; i < 6; i++) {
        CHECK(results[i].of.i32 == 5 - i);
    }

    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "outer", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_thread_start(f.instance, func, NULL, 0, &config, &thread));
    CHECK_STATUS(WASMOTE_TRAP_UNREACHABLE, wasmote_thread_join(thread, UINT32_MAX, NULL, 0, &f.error));
    CHECK(f.error.status == WASMOTE_TRAP_UNREACHABLE && contains(f.error.message, "(trap)"));

    /* Two instances of one module at once; a host function that blocks; a join that does not wait so long. */
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_new(f.module, &f.imports, NULL, &other, NULL));
    f.host.action = ACT_SLEEP;
    args[0] = i32_value(3);
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "act", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(other, "count", &other_func));
    CHECK_STATUS(WASMOTE_OK, wasmote_thread_start(f.instance, func, args, 1, &config, &thread));
    args[0] = i32_value(100000);
    CHECK_STATUS(WASMOTE_OK, wasmote_thread_start(other, other_func, args, 1, &config, &second));
    CHECK_STATUS(WASMOTE_ERR_TIMEOUT, wasmote_thread_join(thread, 1, results, 1, NULL));
    CHECK_STATUS(WASMOTE_ERR_BUSY, fixture_call(&f, "twice", &arg, 1, &got));
    CHECK_STATUS(WASMOTE_OK, wasmote_thread_join(second, UINT32_MAX, results, 1, NULL));
    CHECK(results[0].of.i32 == 100000);
    CHECK_STATUS(WASMOTE_OK, wasmote_thread_join(thread, UINT32_MAX, results, 1, NULL));
    CHECK(results[0].of.i32 == 3);
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_delete(other));
    CHECK(fixture_end(&f));
}

static void interrupt_later(void *instance)
{
    wasmote_platform_sleep_ms(30);
    wasmote_instance_interrupt(instance);
}

void test_thread_interrupt(void)
{
    struct fixture f;
    wasmote_thread_t *thread;
    wasmote_func_t func;
    void *native;
    int32_t args[2] = {1, 2}, got;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_set_fuel(f.instance, UINT64_MAX));
    /* It interrupts us. */
    native = wasmote_platform_thread_start("other", interrupt_later, f.instance, 16384, 0);
    CHECK(native != NULL);
    CHECK_STATUS(WASMOTE_TRAP_INTERRUPTED, fixture_call(&f, "spin", NULL, 0, NULL));
    CHECK(contains(f.error.message, "in function"));
    CHECK(wasmote_platform_thread_join(native, UINT32_MAX));
    wasmote_instance_clear_interrupt(f.instance);

    /* We interrupt it. */
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "spin", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_thread_start(f.instance, func, NULL, 0, &config, &thread));
    CHECK_STATUS(WASMOTE_ERR_TIMEOUT, wasmote_thread_join(thread, 20, NULL, 0, NULL));
    wasmote_instance_interrupt(f.instance);
    CHECK_STATUS(WASMOTE_TRAP_INTERRUPTED, wasmote_thread_join(thread, UINT32_MAX, NULL, 0, NULL));
    wasmote_instance_clear_interrupt(f.instance);
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "add", args, 2, &got));
    CHECK(fixture_end(&f));
}

void test_thread_misuse(void)
{
    wasmote_thread_config_t changed = config;
    struct fixture f;
    wasmote_thread_t *thread;
    wasmote_value_t arg;
    wasmote_func_t func;
    int32_t args[2] = {1, 2}, got;
    uint32_t n;

    memset(&arg, 0, sizeof(arg));
    arg.type = WASMOTE_F32;
    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "twice", &func));
    CHECK_STATUS(WASMOTE_ERR_TYPE_MISMATCH, wasmote_thread_start(f.instance, func, NULL, 0, &config, &thread));
    CHECK_STATUS(WASMOTE_ERR_TYPE_MISMATCH, wasmote_thread_start(f.instance, func, &arg, 1, &config, &thread));
    arg = i32_value(1);
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_thread_start(f.instance, func, &arg, 1, NULL, &thread));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_thread_start(f.instance, func, NULL, 1, &config, &thread));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_thread_start(f.instance, func, &arg, 1, &config, NULL));
    changed.stack_bytes = 0;
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_thread_start(f.instance, func, &arg, 1, &changed, &thread));
    func.owner++;
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_thread_start(f.instance, func, &arg, 1, &config, &thread));
    /* After each failure the instance is as before. */
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "add", args, 2, &got));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "reverse", &func));
    for (n = 1;; n++) {
        wasmote_value_t values[6] = {arg, arg, arg, arg, arg, arg};
        wasmote_status_t status;

        CHECK_STATUS(WASMOTE_OK, wasmote_runtime_fail_allocation(f.runtime, n));
        status = wasmote_thread_start(f.instance, func, values, 6, &config, &thread);
        if (status == WASMOTE_OK) {
            CHECK_STATUS(WASMOTE_OK, wasmote_runtime_fail_allocation(f.runtime, 0));
            CHECK_STATUS(WASMOTE_OK, wasmote_thread_join(thread, UINT32_MAX, values, 6, NULL));
            break;
        }
        CHECK(status == WASMOTE_ERR_OUT_OF_MEMORY && n < 100);
        CHECK_STATUS(WASMOTE_OK, wasmote_runtime_fail_allocation(f.runtime, 0));
        CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "add", args, 2, &got));
    }
    /* Joined twice, in a pool. */
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_thread_join(thread, 0, NULL, 0, NULL));
    CHECK(fixture_end(&f));
}

/* Where wasmote_instance_new writes the instance whose start function is to be interrupted. */
static wasmote_instance_t *volatile starting;

static void interrupt_start(void *argument)
{
    (void)argument;
    while (starting == NULL) {
        wasmote_platform_sleep_ms(1);
    }
    wasmote_platform_sleep_ms(20);
    wasmote_instance_interrupt(starting);
}

void test_start_interrupt(void)
{
    struct fixture f;
    wasmote_module_t *module;
    wasmote_quotas_t quotas = wasmote_quotas_default();
    void *native;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_load(f.runtime, start_spin_wasm, sizeof(start_spin_wasm), &module, NULL));
    starting = NULL;
    native = wasmote_platform_thread_start("other", interrupt_start, NULL, 16384, 0);
    CHECK(native != NULL);
    CHECK_STATUS(WASMOTE_TRAP_INTERRUPTED,
                 wasmote_instance_new(module, NULL, &quotas, (wasmote_instance_t **)&starting, &f.error));
    CHECK(wasmote_platform_thread_join(native, UINT32_MAX));
    CHECK(starting == NULL);
    CHECK_STATUS(WASMOTE_OK, wasmote_module_delete(module));
    CHECK(fixture_end(&f));
}
