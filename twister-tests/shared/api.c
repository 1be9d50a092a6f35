/* The C API where it succeeds: calls, values, memory, host functions, imports from instances, statistics. */
#include "wasmote_test.h"

GUEST(add);
GUEST(host);
GUEST(memory);
GUEST(multi);
GUEST(recurse);
GUEST(small_pages);
GUEST(table);

TEST_SUITE(api);

TEST(api, every_number_type)
{
    struct guest guest;
    wasmote_value_t result;
    guest_open(&guest, add, NULL, NULL);
    CHECK_OK(guest_call(&guest, "add", &result, I32(INT32_MAX), I32(1)));
    CHECK_EQ(result.type, WASMOTE_I32);
    CHECK_EQ(result.of.i32, INT32_MIN);
    CHECK_OK(guest_call(&guest, "add_i64", &result, I64(0xFFFFFFFF), I64(1)));
    CHECK_EQ(result.type, WASMOTE_I64);
    CHECK_EQ(result.of.i64, 0x100000000);
    CHECK_OK(guest_call(&guest, "add_f32", &result, F32(1.5f), F32(2.25f)));
    CHECK_EQ(result.type, WASMOTE_F32);
    CHECK(result.of.f32 == 3.75f);
    CHECK_OK(guest_call(&guest, "add_f64", &result, F64(0.1), F64(0.2)));
    CHECK_EQ(result.type, WASMOTE_F64);
    CHECK(result.of.f64 == 0.30000000000000004);
    guest_close(&guest);
}

TEST(api, a_call_with_the_wrong_types_is_an_error)
{
    struct guest guest;
    wasmote_value_t result, results[2];
    wasmote_func_t add;
    const wasmote_value_t arguments[] = {I32(1), I32(2), I32(3)};
    guest_open(&guest, add, NULL, NULL);
    CHECK_STATUS(guest_call(&guest, "add", &result, I32(1), I64(2)), WASMOTE_ERR_TYPE_MISMATCH);
    CHECK_OK(wasmote_instance_func(guest.instance, "add", &add));
    CHECK_STATUS(wasmote_func_call(guest.instance, add, arguments, 1, &result, 1, NULL), WASMOTE_ERR_TYPE_MISMATCH);
    CHECK_STATUS(wasmote_func_call(guest.instance, add, arguments, 3, &result, 1, NULL), WASMOTE_ERR_TYPE_MISMATCH);
    CHECK_STATUS(wasmote_func_call(guest.instance, add, arguments, 2, results, 2, NULL), WASMOTE_ERR_TYPE_MISMATCH);
    CHECK_STATUS(wasmote_func_call(guest.instance, add, arguments, 2, NULL, 0, NULL), WASMOTE_ERR_TYPE_MISMATCH);
    CHECK_OK(wasmote_func_call(guest.instance, add, arguments, 2, &result, 1, NULL));
    CHECK_EQ(result.of.i32, 3);
    guest_close(&guest);
}

TEST(api, what_is_not_exported_is_not_found)
{
    struct guest guest;
    guest_open(&guest, memory, NULL, NULL);
    CHECK_STATUS(guest_call(&guest, "nothing", NULL), WASMOTE_ERR_NOT_FOUND);
    CHECK_STATUS(guest_call(&guest, "", NULL), WASMOTE_ERR_NOT_FOUND);
    CHECK(guest_call(&guest, "memory", NULL) != WASMOTE_OK); /* there is one, but it is no function */
    guest_close(&guest);
}

TEST(api, several_results)
{
    struct guest guest;
    wasmote_func_t func;
    const wasmote_value_t seven = I32(-7);
    wasmote_value_t results[4];
    guest_open(&guest, multi, NULL, NULL);
    CHECK_OK(wasmote_instance_func(guest.instance, "all_types", &func));
    CHECK_OK(wasmote_func_call(guest.instance, func, &seven, 1, results, 4, &guest.error));
    CHECK_EQ(results[0].of.i32, -7);
    CHECK_EQ(results[1].of.i64, -7);
    CHECK(results[2].of.f32 == -7);
    CHECK(results[3].of.f64 == -7);
    CHECK_OK(guest_call(&guest, "fibonacci", results, I32(50)));
    CHECK_EQ(results[0].of.i64, 12586269025);
    guest_close(&guest);
}

TEST(api, calls_of_every_kind)
{
    struct guest guest;
    wasmote_value_t result;
    guest_open(&guest, recurse, NULL, NULL);
    CHECK_OK(guest_call(&guest, "depth", &result, I32(40)));
    CHECK_EQ(result.of.i32, 40);
    CHECK_OK(guest_call(&guest, "even", &result, I32(33)));
    CHECK_EQ(result.of.i32, 0);
    CHECK_OK(guest_call(&guest, "indirect", &result, I32(40)));
    CHECK_EQ(result.of.i32, 80);
    CHECK_OK(guest_call(&guest, "tail", &result, I32(10000), I64(0)));
    CHECK_EQ(result.of.i64, 50005000);
    guest_close(&guest);
}

TEST(api, tables)
{
    struct guest guest;
    wasmote_value_t result;
    guest_open(&guest, table, NULL, NULL);
    CHECK_OK(guest_call(&guest, "call", &result, I32(0), I32(21)));
    CHECK_EQ(result.of.i32, 42);
    CHECK_OK(guest_call(&guest, "grow_and_call", &result, I32(3), I32(7)));
    CHECK_EQ(result.of.i32, 49);
    CHECK_OK(guest_call(&guest, "init_and_call", &result, I32(6)));
    CHECK_EQ(result.of.i32, -12);
    guest_close(&guest);
}

TEST(api, memory_from_inside)
{
    struct guest guest;
    wasmote_value_t result;
    guest_open(&guest, memory, NULL, NULL);
    CHECK_OK(guest_call(&guest, "widths", &result, I64(0x70010203FFFEFDFC)));
    CHECK_EQ(result.of.i64, 0x70010203FFFEFDFC);
    CHECK_OK(guest_call(&guest, "floats", &result, F32(1.5f), F64(-0.25)));
    CHECK(result.of.f64 == 1.25);
    CHECK_OK(guest_call(&guest, "fill", &result, I32(171), I32(10)));
    CHECK_EQ(result.of.i32, -1006914848);
    CHECK_OK(guest_call(&guest, "copy_overlapping", &result, I32(3)));
    CHECK_EQ(result.of.i32, 1196815539);
    CHECK_OK(guest_call(&guest, "grow_and_use", &result));
    CHECK_EQ(result.of.i32, 9);
    CHECK_EQ(wasmote_memory_size(guest.instance), 131072);
    guest_close(&guest);
}

TEST(api, memory_from_outside)
{
    struct guest guest;
    wasmote_value_t result;
    char text[8] = "";
    const int32_t number = 0x12345678;
    guest_open(&guest, memory, NULL, NULL);
    CHECK_EQ(wasmote_memory_size(guest.instance), 65536);
    CHECK_OK(wasmote_memory_read(guest.instance, 16, text, 7));
    CHECK(strcmp(text, "wasmote") == 0);
    CHECK_OK(wasmote_memory_write(guest.instance, 65532, &number, 4));
    CHECK_OK(guest_call(&guest, "load32", &result, I32(65532)));
    CHECK_EQ(result.of.i32, number);
    CHECK_OK(wasmote_memory_read(guest.instance, 65536, text, 0));
    CHECK_STATUS(wasmote_memory_read(guest.instance, 65533, text, 4), WASMOTE_ERR_OUT_OF_BOUNDS);
    CHECK_STATUS(wasmote_memory_write(guest.instance, 65536, text, 1), WASMOTE_ERR_OUT_OF_BOUNDS);
    CHECK_STATUS(wasmote_memory_write(guest.instance, UINT32_MAX, text, 2), WASMOTE_ERR_OUT_OF_BOUNDS);
    CHECK_STATUS(wasmote_memory_read(guest.instance, 1, text, INT32_MAX), WASMOTE_ERR_OUT_OF_BOUNDS);
    CHECK_OK(wasmote_memory_read(guest.instance, 65532, text, 4));
    CHECK(memcmp(text, &number, 4) == 0); /* nothing of the refused writes was done */
    guest_close(&guest);
}

TEST(api, an_instance_without_memory)
{
    struct guest guest;
    char byte;
    guest_open(&guest, add, NULL, NULL);
    CHECK_EQ(wasmote_memory_size(guest.instance), 0);
    CHECK(wasmote_memory_read(guest.instance, 0, &byte, 1) != WASMOTE_OK);
    guest_close(&guest);
}

TEST(api, pages_of_one_byte)
{
    struct guest guest;
    wasmote_value_t result;
    guest_open(&guest, small_pages, NULL, NULL);
    CHECK_EQ(wasmote_memory_size(guest.instance), 1000);
    CHECK_OK(guest_call(&guest, "load", &result, I32(996)));
    CHECK_EQ(result.of.i32, 67305985);
    CHECK_OK(guest_call(&guest, "grow", &result, I32(500)));
    CHECK_EQ(result.of.i32, 1000);
    CHECK_EQ(wasmote_memory_size(guest.instance), 1500);
    guest_close(&guest);
}

/* ---- host functions ---- */

static wasmote_status_t add_i32(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    ++*(int *)user_data;
    cells[0] += cells[1];
    return WASMOTE_OK;
}

static wasmote_status_t add_i64(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    (void)user_data;
    wasmote_set_cell_i64(cells, wasmote_cell_i64(cells) + wasmote_cell_i64(cells + 2));
    return WASMOTE_OK;
}

static wasmote_status_t add_f32(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    (void)user_data;
    wasmote_set_cell_f32(cells, wasmote_cell_f32(cells) + wasmote_cell_f32(cells + 1));
    return WASMOTE_OK;
}

static wasmote_status_t add_f64(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    (void)user_data;
    wasmote_set_cell_f64(cells, wasmote_cell_f64(cells) + wasmote_cell_f64(cells + 2));
    return WASMOTE_OK;
}

static wasmote_status_t mixed(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    (void)user_data;
    const double sum = (double)(int32_t)cells[0] + (double)wasmote_cell_i64(cells + 1) +
                       (double)wasmote_cell_f32(cells + 3) + wasmote_cell_f64(cells + 4);
    wasmote_set_cell_f64(cells, sum);
    return WASMOTE_OK;
}

static wasmote_status_t pair(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    (void)user_data;
    wasmote_set_cell_i64(cells + 1, (int64_t)(int32_t)cells[0] * 2);
    return WASMOTE_OK;
}

static wasmote_status_t same(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    (void)cells;
    (void)user_data;
    return WASMOTE_OK;
}

static wasmote_status_t sum_bytes(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)user_data;
    const uint8_t *bytes = wasmote_caller_memory(caller, cells[0], cells[1]);
    if (bytes == NULL) {
        return WASMOTE_ERR_OUT_OF_BOUNDS;
    }
    uint32_t sum = 0;
    for (uint32_t i = 0; i < cells[1]; i++) {
        sum += bytes[i];
    }
    cells[0] = sum;
    return WASMOTE_OK;
}

/* Calls back into the instance that calls it. */
static wasmote_status_t wait(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    wasmote_func_t func;
    const wasmote_value_t arguments[] = {I32((int32_t)cells[0]), I32(100)};
    wasmote_value_t result;
    wasmote_instance_t *instance = wasmote_caller_instance(caller);
    (void)user_data;
    wasmote_status_t status = wasmote_instance_func(instance, "call_i32", &func);
    if (status == WASMOTE_OK) {
        status = wasmote_func_call(instance, func, arguments, 2, &result, 1, NULL);
    }
    if (status == WASMOTE_OK) {
        cells[0] = (uint32_t)result.of.i32;
    }
    return status;
}

/* What the next call of `fail` returns. */
static wasmote_status_t failure;

static wasmote_status_t fail(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    (void)cells;
    (void)user_data;
    return failure;
}

static int additions;
static const wasmote_host_func_t host_functions[] = {
    {.module = "host", .name = "fail", .signature = "()", .function = fail},
    {.module = "host", .name = "add_i32", .signature = "(ii)i", .function = add_i32, .user_data = &additions},
    {.module = "host", .name = "add_i64", .signature = "(II)I", .function = add_i64},
    {.module = "host", .name = "add_f32", .signature = "(ff)f", .function = add_f32},
    {.module = "host", .name = "add_f64", .signature = "(FF)F", .function = add_f64},
    {.module = "host", .name = "mixed", .signature = "(iIfF)F", .function = mixed},
    {.module = "host", .name = "pair", .signature = "(i)iI", .function = pair},
    {.module = "host", .name = "same", .signature = "(e)e", .function = same},
    {.module = "host", .name = "sum_bytes", .signature = "(ii)i", .function = sum_bytes},
    {.module = "host", .name = "wait", .signature = "(i)i", .function = wait},
    {.module = "other", .name = "not_used", .signature = "()", .function = fail},
};
static const wasmote_imports_t host_imports = {
    .functions = host_functions,
    .function_count = sizeof host_functions / sizeof host_functions[0],
};

TEST(api, host_functions_of_every_type)
{
    struct guest guest;
    wasmote_value_t result;
    additions = 0;
    guest_open(&guest, host, &host_imports, NULL);
    CHECK_OK(guest_call(&guest, "call_i32", &result, I32(40), I32(2)));
    CHECK_EQ(result.of.i32, 42);
    CHECK_OK(guest_call(&guest, "call_i64", &result, I64(0x100000000), I64(-1)));
    CHECK_EQ(result.of.i64, 0xFFFFFFFF);
    CHECK_OK(guest_call(&guest, "call_f32", &result, F32(0.5f), F32(0.25f)));
    CHECK(result.of.f32 == 0.75f);
    CHECK_OK(guest_call(&guest, "call_f64", &result, F64(0.1), F64(0.2)));
    CHECK(result.of.f64 == 0.30000000000000004);
    CHECK_OK(guest_call(&guest, "call_mixed", &result, I32(1), I64(-4), F32(0.5f), F64(0.25)));
    CHECK(result.of.f64 == -2.25);
    CHECK_OK(guest_call(&guest, "call_pair", &result, I32(-3)));
    CHECK_EQ(result.of.i64, -9);
    CHECK_OK(guest_call(&guest, "call_indirect", &result, I32(3), I32(4)));
    CHECK_EQ(result.of.i32, 7);
    CHECK_OK(guest_call(&guest, "reexported", &result, I32(1), I32(2)));
    CHECK_EQ(result.of.i32, 3);
    CHECK_EQ(additions, 3);
    guest_close(&guest);
}

TEST(api, a_host_function_sees_its_callers_memory)
{
    struct guest guest;
    wasmote_value_t result;
    guest_open(&guest, host, &host_imports, NULL);
    CHECK_OK(guest_call(&guest, "call_sum", &result, I32(1024), I32(5)));
    CHECK_EQ(result.of.i32, 15);
    CHECK_OK(guest_call(&guest, "call_sum", &result, I32(65536), I32(0)));
    CHECK_EQ(result.of.i32, 0);
    CHECK_STATUS(guest_call(&guest, "call_sum", &result, I32(65536), I32(1)), WASMOTE_TRAP_HOST);
    CHECK_EQ(guest.error.host_status, WASMOTE_ERR_OUT_OF_BOUNDS);
    CHECK_STATUS(guest_call(&guest, "call_sum", &result, I32(-1), I32(-1)), WASMOTE_TRAP_HOST);
    guest_close(&guest);
}

TEST(api, a_host_function_may_call_back)
{
    struct guest guest;
    wasmote_value_t result;
    guest_open(&guest, host, &host_imports, NULL);
    CHECK_OK(guest_call(&guest, "call_wait", &result, I32(7)));
    CHECK_EQ(result.of.i32, 108); /* 7 + 100 in the inner call, 1 in the outer one */
    guest_close(&guest);
}

TEST(api, a_host_function_may_fail)
{
    struct guest guest;
    wasmote_value_t result;
    guest_open(&guest, host, &host_imports, NULL);
    failure = WASMOTE_OK;
    CHECK_OK(guest_call(&guest, "call_fail", NULL));
    failure = WASMOTE_ERR_HOST;
    CHECK_STATUS(guest_call(&guest, "call_fail", NULL), WASMOTE_TRAP_HOST);
    CHECK_EQ(guest.error.status, WASMOTE_TRAP_HOST);
    CHECK_EQ(guest.error.host_status, WASMOTE_ERR_HOST);
    failure = -12345; /* the application's own */
    CHECK_STATUS(guest_call(&guest, "call_fail", NULL), WASMOTE_TRAP_HOST);
    CHECK_EQ(guest.error.host_status, -12345);
    failure = WASMOTE_TRAP_UNREACHABLE;
    CHECK_STATUS(guest_call(&guest, "call_fail", NULL), WASMOTE_TRAP_UNREACHABLE);
    CHECK_OK(guest_call(&guest, "call_i32", &result, I32(1), I32(1)));
    guest_close(&guest);
}

/* (module (import "other" "add" (func (param i32 i32) (result i32))) (export "add" (func 0))) */
static const uint8_t imports_add[] = {
    0,    'a', 's', 'm', 1,   0,   0,   0,              /* WebAssembly 1 */
    1,    7,   1,   0x60, 2,  0x7F, 0x7F, 1, 0x7F,      /* type (i32, i32) -> i32 */
    2,    13,  1,   5,   'o', 't', 'h', 'e', 'r', 3, 'a', 'd', 'd', 0, 0,
    7,    7,   1,   3,   'a', 'd', 'd', 0, 0,
};

TEST(api, an_instance_imports_from_another)
{
    struct guest guest;
    wasmote_module_t *module;
    wasmote_instance_t *instance;
    wasmote_func_t func;
    wasmote_value_t result;
    const wasmote_value_t arguments[] = {I32(20), I32(22)};
    guest_open(&guest, add, NULL, NULL);
    const wasmote_import_instance_t others[] = {{.module = "other", .instance = guest.instance}};
    const wasmote_imports_t imports = {.instances = others, .instance_count = 1};
    CHECK_OK(wasmote_module_load(guest.runtime, imports_add, sizeof imports_add, &module, &guest.error));
    CHECK_OK(wasmote_instance_new(module, &imports, NULL, &instance, &guest.error));
    CHECK_OK(wasmote_instance_func(instance, "add", &func));
    CHECK_OK(wasmote_func_call(instance, func, arguments, 2, &result, 1, &guest.error));
    CHECK_EQ(result.of.i32, 42);
    /* Linked instances live as long as the last of them. */
    CHECK_OK(wasmote_instance_delete(instance));
    CHECK_STATUS(wasmote_module_delete(module), WASMOTE_ERR_BUSY);
    CHECK_OK(wasmote_instance_delete(guest.instance));
    CHECK_OK(wasmote_module_delete(module));
    CHECK_OK(wasmote_module_delete(guest.module));
    CHECK_OK(wasmote_runtime_delete(guest.runtime));
}

TEST(api, instances_of_a_module_are_separate)
{
    struct guest guest;
    wasmote_instance_t *second;
    const uint32_t mark = 0xC0FFEE;
    uint32_t found = 1;
    guest_open(&guest, memory, NULL, NULL);
    CHECK_OK(wasmote_instance_new(guest.module, NULL, NULL, &second, &guest.error));
    CHECK_OK(wasmote_memory_write(guest.instance, 500, &mark, sizeof mark));
    CHECK_OK(wasmote_memory_read(second, 500, &found, sizeof found));
    CHECK_EQ(found, 0);
    CHECK_OK(wasmote_instance_delete(second));
    guest_close(&guest);
}

TEST(api, statistics)
{
    struct guest guest;
    wasmote_value_t result;
    wasmote_stats_t stats;
    guest_open(&guest, recurse, NULL, NULL);
    wasmote_module_stats(guest.module, &stats);
    if (TEST_OPTION(CONFIG_WASMOTE_INTERP_LAZY)) {
        CHECK_EQ(stats.code_bytes, 0); /* the instance's, when something is called */
    } else {
        CHECK(stats.code_bytes > 100 && stats.code_bytes < 4000);
    }
    wasmote_instance_stats(guest.instance, &stats);
    const size_t before = stats.stack_used_peak;
    CHECK_OK(guest_call(&guest, "depth", &result, I32(40)));
    wasmote_instance_stats(guest.instance, &stats);
    CHECK(stats.stack_used_peak >= before + 40 * 4);
    CHECK(stats.stack_used_peak <= wasmote_quotas_default().stack_bytes);
    wasmote_runtime_stats(guest.runtime, &stats);
    CHECK(stats.heap_used > 0 && stats.heap_peak >= stats.heap_used);
    guest_close(&guest);
}
