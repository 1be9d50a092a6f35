/* Handles that are none: an error, where it can be noticed. */
#include "capi_test.h"
#include "modules.h"

#include <string.h>

/* Every function with this instance must refuse. */
static bool refuses_instance(wasmote_instance_t *instance, wasmote_status_t expected)
{
    const wasmote_thread_config_t config = {NULL, CAPI_TEST_STACK, 0};
    wasmote_func_t func = {0, 0};
    wasmote_value_t value = i32_value(0);
    wasmote_stats_t stats;
    wasmote_frame_t frame;
    wasmote_thread_t *thread;
    uint32_t number;
    char text[8];

    wasmote_instance_interrupt(instance);
    wasmote_instance_clear_interrupt(instance);
    return wasmote_instance_func(instance, "add", &func) == expected &&
           wasmote_func_from_ref(instance, 1, &func) == expected &&
           wasmote_func_signature(instance, func, text, sizeof(text)) == expected &&
           wasmote_func_call(instance, func, NULL, 0, NULL, 0, NULL) == expected &&
           wasmote_memory_read(instance, 0, text, 1) == expected &&
           wasmote_memory_write(instance, 0, text, 1) == expected && wasmote_memory_size(instance) == 0 &&
           wasmote_memory_grow(instance, 1, &number) == expected &&
           wasmote_global_get(instance, "counter", &value) == expected &&
           wasmote_global_set(instance, "counter", &value) == expected &&
           wasmote_table_size(instance, "table", &number) == expected &&
           wasmote_table_get(instance, "table", 0, &value) == expected &&
           wasmote_table_set(instance, "table", 0, &value) == expected &&
           wasmote_table_grow(instance, "table", 0, &value, &number) == expected &&
           wasmote_instance_set_fuel(instance, 1) == expected && wasmote_instance_fuel(instance) == 0 &&
           wasmote_instance_stats(instance, &stats) == expected &&
           wasmote_instance_backtrace(instance, &frame, 1) == 0 &&
           wasmote_thread_start(instance, func, NULL, 0, &config, &thread) == expected &&
           wasmote_instance_delete(instance) == expected;
}

static bool refuses_module(wasmote_module_t *module)
{
    wasmote_instance_t *instance;
    wasmote_stats_t stats;
    wasmote_extern_t found;

    return wasmote_instance_new(module, NULL, NULL, &instance, NULL) == WASMOTE_ERR_INVALID_ARGUMENT &&
           wasmote_module_stats(module, &stats) == WASMOTE_ERR_INVALID_ARGUMENT &&
           wasmote_module_import_count(module) == 0 && wasmote_module_export_count(module) == 0 &&
           wasmote_module_import(module, 0, &found) == WASMOTE_ERR_INVALID_ARGUMENT &&
           wasmote_module_export(module, 0, &found) == WASMOTE_ERR_INVALID_ARGUMENT &&
           wasmote_module_delete(module) == WASMOTE_ERR_INVALID_ARGUMENT;
}

static bool refuses_runtime(wasmote_runtime_t *runtime)
{
    wasmote_module_t *module;
    wasmote_stats_t stats;

    return wasmote_module_load(runtime, api_wasm, sizeof(api_wasm), &module, NULL) == WASMOTE_ERR_INVALID_ARGUMENT &&
           wasmote_module_load_copy(runtime, api_wasm, sizeof(api_wasm), &module, NULL) ==
               WASMOTE_ERR_INVALID_ARGUMENT &&
           wasmote_runtime_stats(runtime, &stats) == WASMOTE_ERR_INVALID_ARGUMENT &&
           wasmote_runtime_fail_allocation(runtime, 0) == WASMOTE_ERR_INVALID_ARGUMENT &&
           wasmote_runtime_delete(runtime) == WASMOTE_ERR_INVALID_ARGUMENT;
}

void test_null(void)
{
    struct fixture f;
    wasmote_func_t func;
    wasmote_value_t value = i32_value(1);

    CHECK(refuses_runtime(NULL) && refuses_module(NULL) && refuses_instance(NULL, WASMOTE_ERR_INVALID_ARGUMENT));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_thread_join(NULL, 0, NULL, 0, NULL));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_runtime_new(NULL, NULL));

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT,
                 wasmote_module_load(f.runtime, api_wasm, sizeof(api_wasm), NULL, &f.error));
    CHECK(f.error.status == WASMOTE_ERR_INVALID_ARGUMENT && strcmp(f.error.message, "invalid argument") == 0);
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_module_load(f.runtime, NULL, 8, &f.module, NULL));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_instance_new(f.module, &f.imports, NULL, NULL, NULL));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_instance_func(f.instance, NULL, &func));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_instance_func(f.instance, "add", NULL));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_instance_func(f.instance, "\xFF", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "add", &func));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_func_call(f.instance, func, NULL, 2, &value, 1, NULL));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_func_call(f.instance, func, &value, 1, NULL, 1, NULL));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_func_signature(f.instance, func, NULL, 1));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_runtime_stats(f.runtime, NULL));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_module_stats(f.module, NULL));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_instance_stats(f.instance, NULL));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_module_import(f.module, 0, NULL));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_global_get(f.instance, "counter", NULL));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_table_get(f.instance, "table", 0, NULL));
    CHECK(fixture_end(&f));
}

void test_wrong_kinds(void)
{
    static uint64_t noise[16];
    struct fixture f;
    void *handles[4];
    size_t i;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    memset(noise, 0xA5, sizeof(noise));
    handles[0] = f.runtime;
    handles[1] = f.module;
    handles[2] = f.instance;
    handles[3] = noise;
    for (i = 0; i < 4; i++) {
        CHECK(i == 0 || refuses_runtime(handles[i]));
        CHECK(i == 1 || refuses_module(handles[i]));
        CHECK(i == 2 || refuses_instance(handles[i], WASMOTE_ERR_INVALID_ARGUMENT));
        CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_thread_join(handles[i], 0, NULL, 0, NULL));
        /* One that is not even aligned. */
        CHECK(refuses_runtime((wasmote_runtime_t *)(void *)((char *)handles[i] + 1)));
        CHECK(refuses_module((wasmote_module_t *)(void *)((char *)handles[i] + 1)));
    }
    CHECK(fixture_end(&f));
}

/* In a pool, deleted handles are still memory, and nothing else has taken it yet. */
void test_deleted(void)
{
    struct fixture f;
    wasmote_instance_t *instance;
    wasmote_module_t *module;
    wasmote_runtime_t *runtime;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    instance = f.instance;
    module = f.module;
    runtime = f.runtime;
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_delete(instance));
    CHECK(refuses_instance(instance, WASMOTE_ERR_INVALID_ARGUMENT));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_delete(module));
    CHECK(refuses_module(module));
    CHECK_STATUS(WASMOTE_OK, wasmote_runtime_delete(runtime));
    CHECK(refuses_runtime(runtime));
}

/* An instance that runs in another thread. */
void test_busy(void)
{
    const wasmote_thread_config_t config = {"test", CAPI_TEST_STACK, 0};
    struct fixture f;
    wasmote_thread_t *thread;
    wasmote_import_instance_t line;
    wasmote_imports_t imports;
    wasmote_module_t *module;
    wasmote_instance_t *user;
    wasmote_func_t func;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_load(f.runtime, user_wasm, sizeof(user_wasm), &module, NULL));
    memset(&imports, 0, sizeof(imports));
    line.module = "api";
    line.instance = f.instance;
    imports.instances = &line;
    imports.instance_count = 1;
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_set_fuel(f.instance, UINT64_MAX));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "spin", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_thread_start(f.instance, func, NULL, 0, &config, &thread));
    CHECK_STATUS(WASMOTE_ERR_BUSY, wasmote_instance_new(module, &imports, NULL, &user, NULL));
    /* Interrupts it, too. */
    CHECK(refuses_instance(f.instance, WASMOTE_ERR_BUSY));
    wasmote_instance_interrupt(f.instance);
    CHECK_STATUS(WASMOTE_TRAP_INTERRUPTED, wasmote_thread_join(thread, UINT32_MAX, NULL, 0, NULL));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_delete(module));
    CHECK(fixture_end(&f));
}
