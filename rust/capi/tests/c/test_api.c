/* What works. */
#include "capi_test.h"
#include "modules.h"

#include <string.h>

void test_lifecycle(void)
{
    struct fixture f;
    wasmote_runtime_t *second;
    wasmote_module_t *copy;
    uint8_t bytes[sizeof(api_wasm)];

    CHECK(wasmote_version() == 0x000100);
    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_ERR_BUSY, wasmote_runtime_delete(f.runtime));
    CHECK_STATUS(WASMOTE_ERR_BUSY, wasmote_module_delete(f.module));

    memcpy(bytes, api_wasm, sizeof(bytes));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_load_copy(f.runtime, bytes, sizeof(bytes), &copy, NULL));
    memset(bytes, 0, sizeof(bytes));
    CHECK(wasmote_module_export_count(copy) == wasmote_module_export_count(f.module));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_delete(copy));

    /* Two runtimes know nothing of each other. */
    CHECK_STATUS(WASMOTE_OK, wasmote_runtime_new(NULL, &second));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_load(second, api_wasm, sizeof(api_wasm), &copy, NULL));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_delete(copy));
    CHECK_STATUS(WASMOTE_OK, wasmote_runtime_delete(second));
    CHECK(fixture_end(&f));
}

void test_calls(void)
{
    struct fixture f;
    wasmote_value_t values[6], results[6];
    wasmote_func_t func;
    char signature[16];
    const int32_t args[2] = {40, 2};
    int32_t sum = 0;
    int i;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "add", args, 2, &sum));
    CHECK(sum == 42);

    memset(values, 0, sizeof(values));
    values[0].type = values[1].type = WASMOTE_I64;
    values[0].of.i64 = INT64_C(0x7FFFFFFF00000000);
    values[1].of.i64 = INT64_C(0xFFFFFFFF);
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "add64", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_func_call(f.instance, func, values, 2, results, 1, NULL));
    CHECK(results[0].type == WASMOTE_I64 && results[0].of.i64 == INT64_MAX);

    values[0].type = WASMOTE_F32;
    values[0].of.f32 = 3.0F;
    values[1].type = WASMOTE_F64;
    values[1].of.f64 = -0.25;
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "halves", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_func_signature(f.instance, func, signature, sizeof(signature)));
    CHECK(strcmp(signature, "(fF)fF") == 0);
    CHECK_STATUS(WASMOTE_OK, wasmote_func_signature(f.instance, func, signature, 4));
    CHECK(strcmp(signature, "(fF") == 0);
    CHECK_STATUS(WASMOTE_OK, wasmote_func_call(f.instance, func, values, 2, results, 2, NULL));
    CHECK(results[0].type == WASMOTE_F32 && results[0].of.f32 > 1.4F && results[0].of.f32 < 1.6F);
    CHECK(results[1].type == WASMOTE_F64 && results[1].of.f64 > -0.126 && results[1].of.f64 < -0.124);

    for (i = 0; i < 6; i++) {
        values[i] = i32_value(i);
    }
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "reverse", &func));
    /* Results may be put where the arguments are. */
    CHECK_STATUS(WASMOTE_OK, wasmote_func_call(f.instance, func, values, 6, values, 6, NULL));
    for (i = 0; i < 6; i++) {
        CHECK(values[i].of.i32 == 5 - i);
    }

    values[0].type = WASMOTE_EXTERNREF;
    values[0].of.ref = 99;
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "echo", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_func_call(f.instance, func, values, 1, results, 1, NULL));
    CHECK(results[0].type == WASMOTE_EXTERNREF && results[0].of.ref == 99);

    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "ref", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_func_call(f.instance, func, NULL, 0, results, 1, NULL));
    CHECK(results[0].type == WASMOTE_FUNCREF && results[0].of.ref != 0);
    CHECK_STATUS(WASMOTE_OK, wasmote_func_from_ref(f.instance, results[0].of.ref, &func));
    values[0] = i32_value(1);
    values[1] = i32_value(2);
    CHECK_STATUS(WASMOTE_OK, wasmote_func_call(f.instance, func, values, 2, results, 1, NULL));
    CHECK(results[0].of.i32 == 3);
    CHECK_STATUS(WASMOTE_ERR_NOT_FOUND, wasmote_func_from_ref(f.instance, 0, &func));
    CHECK_STATUS(WASMOTE_ERR_NOT_FOUND, wasmote_func_from_ref(f.instance, 0xFFFFFFFF, &func));

    /* Wrong numbers and types. */
    CHECK_STATUS(WASMOTE_ERR_NOT_FOUND, wasmote_instance_func(f.instance, "nothing", &func));

    /* Names that are not terminated, as introspection gives them; NUL is a character like any other. */
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func_n(f.instance, "add64", 3, &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_func_call(f.instance, func, values, 2, results, 1, NULL));
    CHECK(results[0].of.i32 == 3);
    CHECK_STATUS(WASMOTE_ERR_NOT_FOUND, wasmote_instance_func_n(f.instance, "add64", 6, &func));
    CHECK_STATUS(WASMOTE_ERR_NOT_FOUND, wasmote_instance_func_n(f.instance, NULL, 0, &func));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_instance_func_n(f.instance, NULL, 1, &func));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_instance_func_n(f.instance, "\377", 1, &func));
    CHECK_STATUS(WASMOTE_ERR_NOT_FOUND, wasmote_instance_func(f.instance, "memory", &func));
    CHECK_STATUS(WASMOTE_ERR_TYPE_MISMATCH, fixture_call(&f, "add", args, 1, &sum));
    CHECK(f.error.status == WASMOTE_ERR_TYPE_MISMATCH && f.error.offset == UINT32_MAX && f.error.message[0] != '\0');
    CHECK_STATUS(WASMOTE_ERR_TYPE_MISMATCH, fixture_call(&f, "add", args, 2, NULL));
    CHECK_STATUS(WASMOTE_ERR_TYPE_MISMATCH, fixture_call(&f, "add64", args, 2, &sum));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "add", &func));
    values[0].type = 0x12345;
    CHECK_STATUS(WASMOTE_ERR_TYPE_MISMATCH, wasmote_func_call(f.instance, func, values, 2, results, 1, NULL));
    CHECK(fixture_end(&f));
}

void test_host_functions(void)
{
    struct fixture f;
    wasmote_value_t values[4], result;
    wasmote_func_t func;
    int32_t arg = 21, got = 0;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "twice", &arg, 1, &got));
    CHECK(got == 42 && f.host.count == 1);

    memset(values, 0, sizeof(values));
    values[0] = i32_value(-1);
    values[1].type = WASMOTE_I64;
    values[1].of.i64 = -1000000000000;
    values[2].type = WASMOTE_F32;
    values[2].of.f32 = 0.5F;
    values[3].type = WASMOTE_F64;
    values[3].of.f64 = 0.25;
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "mix", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_func_call(f.instance, func, values, 4, &result, 1, NULL));
    CHECK(result.type == WASMOTE_F64 && result.of.f64 > -1000000000000.26 && result.of.f64 < -1000000000000.24);

    f.host.action = ACT_FAIL;
    CHECK_STATUS(WASMOTE_TRAP_HOST, fixture_call(&f, "act", &arg, 1, &got));
    CHECK(f.error.status == WASMOTE_TRAP_HOST && f.error.host_status == HOST_STATUS);
    f.host.action = ACT_TRAP;
    CHECK_STATUS(WASMOTE_TRAP_INTEGER_OVERFLOW, fixture_call(&f, "act", &arg, 1, &got));
    CHECK(f.error.host_status == 0);

    f.host.action = ACT_MEMORY;
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "act", &arg, 1, &got));
    {
        char text[5];

        CHECK_STATUS(WASMOTE_OK, wasmote_memory_read(f.instance, 16, text, sizeof(text)));
        CHECK(memcmp(text, "jullo", 5) == 0);
    }
    f.host.action = ACT_LOOK;
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "act", &arg, 1, &got));
    CHECK_STATUS(WASMOTE_OK, wasmote_global_get(f.instance, "counter", &result));
    CHECK(result.of.i32 == 8);

    /* A handle that was kept is no longer one. */
    CHECK(wasmote_caller_instance(NULL) == NULL && wasmote_caller_data(NULL) == NULL);
    CHECK(wasmote_caller_memory(NULL, 0, 0) == NULL);
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_caller_charge(NULL, 1));
    CHECK(wasmote_caller_memory((wasmote_caller_t *)(void *)f.instance, 0, 0) == NULL);
    CHECK(fixture_end(&f));
}

void test_call_back(void)
{
    struct fixture f;
    int32_t arg = 5, got = 0;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    f.host.action = ACT_CALL_BACK;
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "act", &arg, 1, &got));
    CHECK(got == 42);
    f.host.action = ACT_CALL_OUTSIDE;
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "act", &arg, 1, &got));
    CHECK(got == 5 && f.host.seen == WASMOTE_ERR_BUSY);
    f.host.action = ACT_CALL_TRAP;
    CHECK_STATUS(WASMOTE_TRAP_UNREACHABLE, fixture_call(&f, "act", &arg, 1, &got));
    /* As deep as the quota says, and not deeper. */
    f.host.action = ACT_RECURSE;
    f.host.count = 0;
    CHECK_STATUS(WASMOTE_TRAP_STACK_OVERFLOW, fixture_call(&f, "act", &arg, 1, &got));
    CHECK(f.host.count > 0 && (uint32_t)f.host.count <= f.quotas.call_depth);
    f.host.action = ACT_NOTHING;
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "act", &arg, 1, &got));
    CHECK(got == 6);
    CHECK(fixture_end(&f));
}

void test_memory(void)
{
    struct fixture f;
    char text[5];
    uint32_t before = 0;
    int32_t delta = 1, got = 0;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK(wasmote_memory_size(f.instance) == 65536);
    CHECK_STATUS(WASMOTE_OK, wasmote_memory_read(f.instance, 16, text, sizeof(text)));
    CHECK(memcmp(text, "hello", 5) == 0);
    CHECK_STATUS(WASMOTE_OK, wasmote_memory_write(f.instance, 65531, "abcde", 5));
    CHECK_STATUS(WASMOTE_ERR_OUT_OF_BOUNDS, wasmote_memory_write(f.instance, 65532, "abcde", 5));
    CHECK_STATUS(WASMOTE_ERR_OUT_OF_BOUNDS, wasmote_memory_read(f.instance, UINT32_MAX, text, 5));
    CHECK_STATUS(WASMOTE_OK, wasmote_memory_read(f.instance, 65536, NULL, 0));
    CHECK_STATUS(WASMOTE_ERR_OUT_OF_BOUNDS, wasmote_memory_read(f.instance, 65537, NULL, 0));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_memory_read(f.instance, 0, NULL, 1));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_memory_write(f.instance, 0, NULL, 1));

    CHECK_STATUS(WASMOTE_OK, wasmote_memory_grow(f.instance, 1, &before));
    CHECK(before == 1 && wasmote_memory_size(f.instance) == 131072);
    CHECK_STATUS(WASMOTE_OK, wasmote_memory_grow(f.instance, 0, NULL));
    /* Quota: two pages; the module's own limit: three. */
    CHECK_STATUS(WASMOTE_ERR_OUT_OF_BOUNDS, wasmote_memory_grow(f.instance, 1, &before));
    CHECK_STATUS(WASMOTE_ERR_OUT_OF_BOUNDS, wasmote_memory_grow(f.instance, UINT32_MAX, NULL));
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "grow", &delta, 1, &got));
    CHECK(got == -1);
    CHECK(fixture_end(&f));
}

void test_globals_and_tables(void)
{
    struct fixture f;
    wasmote_value_t value;
    wasmote_func_t func;
    uint32_t size = 0;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_OK, wasmote_global_get(f.instance, "counter", &value));
    CHECK(value.type == WASMOTE_I32 && value.of.i32 == 7);
    value.of.i32 = -8;
    CHECK_STATUS(WASMOTE_OK, wasmote_global_set(f.instance, "counter", &value));
    CHECK_STATUS(WASMOTE_OK, wasmote_global_get(f.instance, "counter", &value));
    CHECK(value.of.i32 == -8);
    CHECK_STATUS(WASMOTE_ERR_TYPE_MISMATCH, wasmote_global_set(f.instance, "ratio", &value));
    CHECK_STATUS(WASMOTE_OK, wasmote_global_get(f.instance, "constant", &value));
    CHECK(value.type == WASMOTE_I64 && value.of.i64 == -5);
    CHECK_STATUS(WASMOTE_ERR_TYPE_MISMATCH, wasmote_global_set(f.instance, "constant", &value));
    CHECK_STATUS(WASMOTE_ERR_NOT_FOUND, wasmote_global_get(f.instance, "add", &value));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_global_set(f.instance, "counter", NULL));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_global_get(f.instance, NULL, &value));

    CHECK_STATUS(WASMOTE_OK, wasmote_table_size(f.instance, "table", &size));
    CHECK(size == 4);
    CHECK_STATUS(WASMOTE_OK, wasmote_table_get(f.instance, "table", 0, &value));
    CHECK(value.type == WASMOTE_FUNCREF && value.of.ref != 0);
    CHECK_STATUS(WASMOTE_OK, wasmote_table_set(f.instance, "table", 3, &value));
    CHECK_STATUS(WASMOTE_OK, wasmote_table_get(f.instance, "table", 3, &value));
    CHECK_STATUS(WASMOTE_OK, wasmote_func_from_ref(f.instance, value.of.ref, &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_table_get(f.instance, "table", 2, &value));
    CHECK(value.of.ref == 0);
    CHECK_STATUS(WASMOTE_ERR_OUT_OF_BOUNDS, wasmote_table_get(f.instance, "table", 4, &value));
    CHECK_STATUS(WASMOTE_ERR_OUT_OF_BOUNDS, wasmote_table_set(f.instance, "table", 4, &value));
    CHECK_STATUS(WASMOTE_OK, wasmote_table_grow(f.instance, "table", 4, &value, &size));
    CHECK(size == 4);
    CHECK_STATUS(WASMOTE_ERR_OUT_OF_BOUNDS, wasmote_table_grow(f.instance, "table", 1, &value, NULL));
    value.of.ref = 0xFFFFFFFF;
    CHECK_STATUS(WASMOTE_ERR_NOT_FOUND, wasmote_table_set(f.instance, "table", 0, &value));
    value.type = WASMOTE_EXTERNREF;
    CHECK_STATUS(WASMOTE_ERR_TYPE_MISMATCH, wasmote_table_set(f.instance, "table", 0, &value));
    CHECK_STATUS(WASMOTE_ERR_NOT_FOUND, wasmote_table_size(f.instance, "memory", &size));
    CHECK(fixture_end(&f));
}

void test_linked_instances(void)
{
    struct fixture f;
    wasmote_import_instance_t line;
    wasmote_imports_t imports;
    wasmote_module_t *module;
    wasmote_instance_t *user, *api;
    wasmote_func_t func, add;
    wasmote_value_t arg = i32_value(35), result;
    wasmote_frame_t frames[4];
    wasmote_stats_t stats;
    size_t used;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_load(f.runtime, user_wasm, sizeof(user_wasm), &module, &f.error));
    memset(&imports, 0, sizeof(imports));
    line.module = "api";
    line.instance = f.instance;
    imports.instances = &line;
    imports.instance_count = 1;
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_new(module, &imports, NULL, &user, &f.error));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(user, "add_counter", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_func_call(user, func, &arg, 1, &result, 1, NULL));
    CHECK(result.of.i32 == 42);
    arg = i32_value(17);
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(user, "peek", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_func_call(user, func, &arg, 1, &result, 1, NULL));
    CHECK(result.of.i32 == 'e');

    /* A trap goes through both, and either may be asked where. */
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(user, "trap", &func));
    CHECK_STATUS(WASMOTE_TRAP_UNREACHABLE, wasmote_func_call(user, func, NULL, 0, NULL, 0, &f.error));
    CHECK(wasmote_instance_backtrace(f.instance, frames, 4) == 2);
    CHECK(wasmote_instance_backtrace(user, frames, 1) == 1);

    /* Who interrupts one means both. */
    wasmote_instance_interrupt(f.instance);
    CHECK_STATUS(WASMOTE_TRAP_INTERRUPTED, wasmote_func_call(user, func, NULL, 0, NULL, 0, NULL));
    wasmote_instance_clear_interrupt(user);
    CHECK_STATUS(WASMOTE_TRAP_UNREACHABLE, wasmote_func_call(user, func, NULL, 0, NULL, 0, NULL));

    /* They know each other's functions; a stranger does not. */
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "add", &add));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_new(f.module, &f.imports, NULL, &api, &f.error));
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_func_call(api, add, NULL, 0, NULL, 0, NULL));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_delete(api));

    /* The first goes, and what the second uses of it stays. */
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_delete(f.instance));
    CHECK_STATUS(WASMOTE_ERR_BUSY, wasmote_module_delete(f.module));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(user, "peek", &func));
    CHECK_STATUS(WASMOTE_OK, wasmote_func_call(user, func, &arg, 1, &result, 1, NULL));
    CHECK(result.of.i32 == 'e');
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_delete(user));
    f.instance = NULL;

    /* Of several runtimes, or of several stores, they cannot be linked. */
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_new(f.module, &f.imports, NULL, &f.instance, NULL));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_new(f.module, &f.imports, NULL, &api, NULL));
    CHECK_STATUS(WASMOTE_OK, wasmote_runtime_stats(f.runtime, &stats));
    used = stats.heap_used;
    {
        wasmote_import_instance_t lines[2];

        lines[0].module = "api";
        lines[0].instance = f.instance;
        lines[1].module = "other";
        lines[1].instance = api;
        imports.instances = lines;
        imports.instance_count = 2;
        CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_instance_new(module, &imports, NULL, &user, &f.error));
        CHECK(contains(f.error.message, "instances: 1"));
        lines[1].instance = (wasmote_instance_t *)(void *)f.module;
        CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_instance_new(module, &imports, NULL, &user, &f.error));
        lines[1].instance = f.instance;
        lines[1].module = NULL;
        CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, wasmote_instance_new(module, &imports, NULL, &user, &f.error));
    }
    CHECK_STATUS(WASMOTE_OK, wasmote_runtime_stats(f.runtime, &stats));
    CHECK(stats.heap_used == used);
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_delete(api));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_delete(module));
    CHECK(fixture_end(&f));
}

void test_traps(void)
{
    static const struct {
        const char *name;
        int32_t args[2];
        size_t count;
        int32_t status;
    } cases[] = {
        {"trap", {0, 0}, 0, WASMOTE_TRAP_UNREACHABLE},
        {"divide", {1, 0}, 2, WASMOTE_TRAP_INTEGER_DIVISION_BY_ZERO},
        {"divide", {INT32_MIN, -1}, 2, WASMOTE_TRAP_INTEGER_OVERFLOW},
        {"load", {65533, 0}, 1, WASMOTE_TRAP_MEMORY_OUT_OF_BOUNDS},
        {"indirect", {4, 0}, 1, WASMOTE_TRAP_TABLE_OUT_OF_BOUNDS},
        {"indirect", {2, 0}, 1, WASMOTE_TRAP_INDIRECT_CALL_TO_NULL},
        {"indirect", {0, 0}, 1, WASMOTE_TRAP_BAD_SIGNATURE},
        {"indirect", {1, 0}, 1, WASMOTE_TRAP_UNREACHABLE},
        {"recurse", {0, 0}, 0, WASMOTE_TRAP_STACK_OVERFLOW},
        {"spin", {0, 0}, 0, WASMOTE_TRAP_OUT_OF_FUEL},
    };
    struct fixture f;
    wasmote_frame_t frames[20];
    wasmote_value_t value;
    wasmote_func_t func;
    int32_t sum, args[2] = {1, 2};
    size_t i, count;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool has_result = strcmp(cases[i].name, "divide") == 0 || strcmp(cases[i].name, "load") == 0;

        f.error.offset = UINT32_MAX;
        CHECK_STATUS(cases[i].status,
                     fixture_call(&f, cases[i].name, cases[i].args, cases[i].count, has_result ? &sum : NULL));
        CHECK(f.error.status == cases[i].status && f.error.message[0] != '\0');
        CHECK(f.error.offset < sizeof(api_wasm));
        CHECK(contains(f.error.message, "in function"));
        CHECK(wasmote_instance_backtrace(f.instance, frames, 20) >= 1);
        CHECK(strncmp(wasmote_status_str(cases[i].status), "trap", 4) == 0);
        CHECK_STATUS(WASMOTE_OK, wasmote_instance_set_fuel(f.instance, 1000000));
    }
    memset(&value, 0, sizeof(value));
    value.type = WASMOTE_F32;
    value.of.f32 = 1e30F;
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_func(f.instance, "truncate", &func));
    CHECK_STATUS(WASMOTE_TRAP_INTEGER_OVERFLOW, wasmote_func_call(f.instance, func, &value, 1, &value, 1, NULL));
    value.type = WASMOTE_F32;
    value.of.i32 = 0x7FC00000;
    CHECK_STATUS(WASMOTE_TRAP_BAD_CONVERSION_TO_INTEGER,
                 wasmote_func_call(f.instance, func, &value, 1, &value, 1, NULL));

    CHECK_STATUS(WASMOTE_TRAP_UNREACHABLE, fixture_call(&f, "outer", NULL, 0, NULL));
    count = wasmote_instance_backtrace(f.instance, frames, 20);
    CHECK(count == 2 && frames[0].func_index + 1 == frames[1].func_index);
    CHECK(frames[0].offset < frames[1].offset && frames[0].offset == f.error.offset);
    CHECK(frames[0].name_length == 4 && memcmp(frames[0].name, "trap", 4) == 0);
    CHECK(frames[1].name_length == 5 && memcmp(frames[1].name, "outer", 5) == 0);
    CHECK(contains(f.error.message, "(trap)"));
    CHECK(wasmote_instance_backtrace(f.instance, frames, 1) == 1);
    CHECK(wasmote_instance_backtrace(f.instance, NULL, 0) == 0);
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "add", args, 2, &sum));
    CHECK(wasmote_instance_backtrace(f.instance, frames, 20) == 0);
    CHECK(fixture_end(&f));
}

void test_fuel(void)
{
    struct fixture f;
    wasmote_runtime_config_t config;
    wasmote_runtime_t *runtime;
    wasmote_module_t *module;
    wasmote_instance_t *instance;
    int32_t arg = 100, got = 0;
    uint64_t used;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK(wasmote_instance_fuel(f.instance) == 1000000);
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "count", &arg, 1, &got));
    used = 1000000 - wasmote_instance_fuel(f.instance);
    CHECK(used >= 100 && used < 10000);
    /* Exact: the same again takes as much, and with one unit less it does not get through. */
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_set_fuel(f.instance, used));
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "count", &arg, 1, &got));
    CHECK(wasmote_instance_fuel(f.instance) == 0);
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_set_fuel(f.instance, used - 1));
    CHECK_STATUS(WASMOTE_TRAP_OUT_OF_FUEL, fixture_call(&f, "count", &arg, 1, &got));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_set_fuel(f.instance, 1000));
    f.host.action = ACT_CHARGE;
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "act", &arg, 1, &got));
    CHECK(wasmote_instance_fuel(f.instance) < 500);
    CHECK_STATUS(WASMOTE_TRAP_OUT_OF_FUEL, fixture_call(&f, "act", &arg, 1, &got));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_set_fuel(f.instance, UINT64_MAX));
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "count", &arg, 1, &got));
    CHECK(wasmote_instance_fuel(f.instance) == UINT64_MAX);
    CHECK(fixture_end(&f));

    memset(&config, 0, sizeof(config));
    config.unmetered = true;
    CHECK_STATUS(WASMOTE_OK, wasmote_runtime_new(&config, &runtime));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_load(runtime, api_wasm, sizeof(api_wasm), &module, NULL));
    CHECK_STATUS(WASMOTE_ERR_UNSUPPORTED, wasmote_instance_new(module, &f.imports, &f.quotas, &instance, &f.error));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_new(module, &f.imports, NULL, &instance, &f.error));
    CHECK_STATUS(WASMOTE_ERR_UNSUPPORTED, wasmote_instance_set_fuel(instance, 1));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_delete(instance));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_delete(module));
    CHECK_STATUS(WASMOTE_OK, wasmote_runtime_delete(runtime));
}

void test_interrupt(void)
{
    struct fixture f;
    int32_t args[2] = {1, 2}, got = 0;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    wasmote_instance_interrupt(f.instance);
    CHECK_STATUS(WASMOTE_TRAP_INTERRUPTED, fixture_call(&f, "add", args, 2, &got));
    CHECK_STATUS(WASMOTE_TRAP_INTERRUPTED, fixture_call(&f, "spin", NULL, 0, NULL));
    wasmote_instance_clear_interrupt(f.instance);
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "add", args, 2, &got));
    CHECK(fixture_end(&f));
}

void test_introspection(void)
{
    struct fixture f;
    wasmote_extern_t found;
    size_t i, count, funcs = 0;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK(wasmote_module_import_count(f.module) == 3);
    CHECK_STATUS(WASMOTE_OK, wasmote_module_import(f.module, 1, &found));
    CHECK(found.kind == WASMOTE_FUNC && found.module_length == 3 && memcmp(found.module, "env", 3) == 0);
    CHECK(found.name_length == 3 && memcmp(found.name, "mix", 3) == 0 && strcmp(found.signature, "(iIfF)F") == 0);
    CHECK_STATUS(WASMOTE_ERR_NOT_FOUND, wasmote_module_import(f.module, 3, &found));

    count = wasmote_module_export_count(f.module);
    for (i = 0; i < count; i++) {
        CHECK_STATUS(WASMOTE_OK, wasmote_module_export(f.module, i, &found));
        CHECK(found.module == NULL && found.module_length == 0 && found.name_length > 0);
        funcs += found.kind == WASMOTE_FUNC;
    }
    CHECK(funcs == count - 5);
    CHECK_STATUS(WASMOTE_ERR_NOT_FOUND, wasmote_module_export(f.module, count, &found));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_export(f.module, 0, &found));
    CHECK(found.kind == WASMOTE_MEMORY && found.min == 1 && found.max == 3 && found.page_bytes == 65536);
    CHECK(found.signature[0] == '\0');
    CHECK_STATUS(WASMOTE_OK, wasmote_module_export(f.module, 1, &found));
    CHECK(found.kind == WASMOTE_TABLE && found.min == 4 && found.max == 8 && found.type == WASMOTE_FUNCREF);
    CHECK_STATUS(WASMOTE_OK, wasmote_module_export(f.module, 2, &found));
    CHECK(found.kind == WASMOTE_GLOBAL && found.type == WASMOTE_I32 && found.is_mutable);
    CHECK_STATUS(WASMOTE_OK, wasmote_module_export(f.module, 3, &found));
    CHECK(found.kind == WASMOTE_GLOBAL && found.type == WASMOTE_I64 && !found.is_mutable);
    CHECK(fixture_end(&f));
}

void test_statistics(void)
{
    struct fixture f;
    wasmote_stats_t runtime, module, instance;
    int32_t arg = 3, got;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_OK, fixture_call(&f, "twice", &arg, 1, &got));
    CHECK_STATUS(WASMOTE_OK, wasmote_runtime_stats(f.runtime, &runtime));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_stats(f.module, &module));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_stats(f.instance, &instance));
    CHECK(module.heap_used > 0 && module.heap_used <= module.heap_peak && module.code_bytes > 0);
    CHECK(module.code_bytes <= module.heap_used && module.wasm_code_bytes > 0);
    CHECK(instance.memory_bytes == 65536 && instance.heap_used > 65536 + f.quotas.stack_bytes);
    CHECK(instance.stack_used_peak > 0 && instance.stack_used_peak < f.quotas.stack_bytes);
    CHECK(runtime.heap_used >= f.empty + module.heap_used + instance.heap_used);
    CHECK(runtime.heap_peak >= runtime.heap_used);
    CHECK(fixture_end(&f));
}

void test_cells(void)
{
    uint32_t cells[2];

    wasmote_set_cell_i64(cells, INT64_MIN + 5);
    CHECK(cells[0] == 5 && cells[1] == 0x80000000 && wasmote_cell_i64(cells) == INT64_MIN + 5);
    wasmote_set_cell_i64(cells, -1);
    CHECK(wasmote_cell_i64(cells) == -1);
    wasmote_set_cell_f32(cells, 1.0F);
    CHECK(cells[0] == 0x3F800000 && memcmp(cells, &(const uint32_t){0x3F800000}, 4) == 0);
    CHECK(wasmote_cell_f32(cells) > 0.9F && wasmote_cell_f32(cells) < 1.1F);
    wasmote_set_cell_f64(cells, -2.0);
    CHECK(cells[0] == 0 && cells[1] == 0xC0000000);
    CHECK(wasmote_cell_f64(cells) < -1.9 && wasmote_cell_f64(cells) > -2.1);
}
