/* Every quota of an instance, and fuel. */
#include "wasmote_test.h"

GUEST(bulk_big);
GUEST(fib);
GUEST(host_call);
GUEST(loop_forever);
GUEST(memory);
GUEST(recurse);
GUEST(start_forever);
GUEST(table);

TEST_SUITE(quotas);

static struct guest guest;

/* Instantiates with these quotas, expecting that status. */
static void expect(wasmote_status_t expected, const unsigned char *bytes, size_t size, const wasmote_quotas_t *quotas)
{
    wasmote_error_t error;
    memset(&guest, 0, sizeof guest);
    CHECK_OK(wasmote_runtime_new(NULL, &guest.runtime));
    CHECK_OK(wasmote_module_load(guest.runtime, bytes, size, &guest.module, &error));
    const wasmote_status_t status = wasmote_instance_new(guest.module, NULL, quotas, &guest.instance, &error);
    CHECK_STATUS(status, expected);
    if (status == WASMOTE_OK) {
        CHECK_OK(wasmote_instance_delete(guest.instance));
    } else {
        CHECK_EQ(error.status, expected);
    }
    CHECK_OK(wasmote_module_delete(guest.module));
    CHECK_OK(wasmote_runtime_delete(guest.runtime));
}

TEST(quotas, memory)
{
    wasmote_quotas_t quotas = wasmote_quotas_default();
    wasmote_value_t result;
    quotas.memory_bytes = 65535;
    expect(WASMOTE_ERR_QUOTA, memory_wasm, memory_wasm_size, &quotas);
    quotas.memory_bytes = 65536;
    guest_open(&guest, memory, NULL, &quotas);
    CHECK_OK(guest_call(&guest, "grow", &result, I32(1)));
    CHECK_EQ(result.of.i32, -1); /* the module's own maximum would allow it */
    CHECK_EQ(wasmote_memory_size(guest.instance), 65536);
    guest_close(&guest);
}

TEST(quotas, table)
{
    wasmote_quotas_t quotas = wasmote_quotas_default();
    wasmote_value_t result;
    quotas.table_elements = 9; /* of the 8 + 2 that its two tables have at first */
    expect(WASMOTE_ERR_QUOTA, table_wasm, table_wasm_size, &quotas);
    quotas.table_elements = 12;
    guest_open(&guest, table, NULL, &quotas);
    CHECK_OK(guest_call(&guest, "grow", &result, I32(3)));
    CHECK_EQ(result.of.i32, -1);
    CHECK_OK(guest_call(&guest, "grow", &result, I32(2)));
    CHECK_EQ(result.of.i32, 8);
    guest_close(&guest);
}

/* How deep recurse.wasm's `depth` comes. */
static int32_t deepest(const wasmote_quotas_t *quotas)
{
    wasmote_value_t result;
    guest_open(&guest, recurse, NULL, quotas);
    int32_t good = 0;
    for (int32_t step = 256; step > 0; step /= 2) {
        const wasmote_status_t status = guest_call(&guest, "depth", &result, I32(good + step));
        if (status == WASMOTE_OK) {
            CHECK_EQ(result.of.i32, good + step);
            good += step;
        } else {
            CHECK_STATUS(status, WASMOTE_TRAP_STACK_OVERFLOW);
        }
    }
    guest_close(&guest);
    return good;
}

TEST(quotas, stack)
{
    wasmote_quotas_t quotas = wasmote_quotas_default();
    quotas.stack_bytes = 1024;
    const int32_t small = deepest(&quotas);
    quotas.stack_bytes = 4096;
    const int32_t large = deepest(&quotas);
    CHECK(small >= 8 && small <= 256);
    CHECK(large >= 3 * small && large <= 6 * small);
}

/* A host function that calls the guest that called it. */
static int calls;

static wasmote_status_t call_back(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    wasmote_func_t run;
    wasmote_value_t result;
    const wasmote_value_t once[] = {I32(1)};
    wasmote_instance_t *instance = wasmote_caller_instance(caller);
    (void)cells;
    (void)user_data;
    calls++;
    const wasmote_status_t status = wasmote_instance_func(instance, "run", &run);
    return status != WASMOTE_OK ? status : wasmote_func_call(instance, run, once, 1, &result, 1, NULL);
}

TEST(quotas, call_depth)
{
    static const wasmote_host_func_t function[] = {
        {.module = "env", .name = "tick", .signature = "(i)i", .function = call_back},
    };
    static const wasmote_imports_t imports = {.functions = function, .function_count = 1};
    wasmote_quotas_t quotas = wasmote_quotas_default();
    wasmote_value_t result;
    for (quotas.call_depth = 1; quotas.call_depth <= 4; quotas.call_depth++) {
        calls = 0;
        guest_open(&guest, host_call, &imports, &quotas);
        CHECK_STATUS(guest_call(&guest, "run", &result, I32(1)), WASMOTE_TRAP_STACK_OVERFLOW);
        CHECK_EQ(calls, quotas.call_depth);
        guest_close(&guest);
    }
}

/* Tables, globals and bookkeeping; hostile.c ends it at every point. */
TEST(quotas, heap)
{
    wasmote_quotas_t quotas = wasmote_quotas_default();
    quotas.memory_bytes = 0;
    quotas.heap_bytes = 16;
    expect(WASMOTE_ERR_OUT_OF_MEMORY, table_wasm, table_wasm_size, &quotas);
    quotas.heap_bytes = UINT32_MAX;
    expect(WASMOTE_OK, table_wasm, table_wasm_size, &quotas);
}

/* ---- fuel ---- */

static void expect_out_of_fuel(const char *name, uint64_t fuel)
{
    CHECK_OK(wasmote_instance_set_fuel(guest.instance, fuel));
    CHECK_STATUS(guest_call(&guest, name, NULL), WASMOTE_TRAP_OUT_OF_FUEL);
    CHECK_EQ(guest.error.status, WASMOTE_TRAP_OUT_OF_FUEL);
}

TEST(quotas, fuel_ends_every_loop)
{
    static const char *const loops[] = {"empty", "counting", "calling", "calling_indirect", "filling", "tail"};
    if (!TEST_OPTION(CONFIG_WASMOTE_FUEL)) {
        TEST_SKIP();
    }
    wasmote_quotas_t quotas = wasmote_quotas_default();
    quotas.fuel = 0;
    guest_open(&guest, loop_forever, NULL, &quotas);
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++) {
        expect_out_of_fuel(loops[i], 20000);
    }
    CHECK_OK(wasmote_instance_set_fuel(guest.instance, 20000));
    CHECK_STATUS(guest_call(&guest, "conditional", NULL, I32(0)), WASMOTE_TRAP_OUT_OF_FUEL);
    CHECK_OK(wasmote_instance_set_fuel(guest.instance, 20000));
    CHECK_STATUS(guest_call(&guest, "by_table", NULL, I32(0)), WASMOTE_TRAP_OUT_OF_FUEL);
    guest_close(&guest);
}

TEST(quotas, fuel_is_exact)
{
    if (!TEST_OPTION(CONFIG_WASMOTE_FUEL)) {
        TEST_SKIP();
    }
    wasmote_value_t result;
    wasmote_quotas_t quotas = wasmote_quotas_default();
    quotas.fuel = 1000000;
    guest_open(&guest, fib, NULL, &quotas);
    CHECK_EQ(wasmote_instance_fuel(guest.instance), 1000000);
    CHECK_OK(guest_call(&guest, "run", &result, I32(10)));
    CHECK_EQ(result.of.i32, 55);
    const uint64_t used = 1000000 - wasmote_instance_fuel(guest.instance);
    CHECK(used > 500 && used < 5000);

    CHECK_OK(wasmote_instance_set_fuel(guest.instance, used));
    CHECK_OK(guest_call(&guest, "run", &result, I32(10)));
    CHECK_EQ(wasmote_instance_fuel(guest.instance), 0);
    CHECK_OK(wasmote_instance_set_fuel(guest.instance, used - 1));
    CHECK_STATUS(guest_call(&guest, "run", &result, I32(10)), WASMOTE_TRAP_OUT_OF_FUEL);
    CHECK_OK(wasmote_instance_set_fuel(guest.instance, UINT64_MAX));
    CHECK_OK(guest_call(&guest, "run", &result, I32(10)));
    guest_close(&guest);
}

TEST(quotas, fuel_ends_a_start_function)
{
    if (!TEST_OPTION(CONFIG_WASMOTE_FUEL)) {
        TEST_SKIP();
    }
    wasmote_quotas_t quotas = wasmote_quotas_default();
    quotas.fuel = 10000;
    expect(WASMOTE_TRAP_OUT_OF_FUEL, start_forever_wasm, start_forever_wasm_size, &quotas);
}

/* Bulk operators are charged for their length, and one that does not happen leaves no trace. */
TEST(quotas, fuel_counts_bulk_operators)
{
    if (!TEST_OPTION(CONFIG_WASMOTE_FUEL)) {
        TEST_SKIP();
    }
    wasmote_value_t result;
    wasmote_quotas_t quotas = wasmote_quotas_default();
    quotas.memory_bytes = 262144;
    quotas.table_elements = 10000;
    quotas.fuel = 1000;
    guest_open(&guest, bulk_big, NULL, &quotas);
    CHECK_STATUS(guest_call(&guest, "fill", &result, I32(1)), WASMOTE_TRAP_OUT_OF_FUEL);
    CHECK_OK(wasmote_instance_set_fuel(guest.instance, 10000));
    CHECK_OK(guest_call(&guest, "fill", &result, I32(1)));
    CHECK_EQ(result.of.i32, 0x01010101);
    CHECK(wasmote_instance_fuel(guest.instance) < 10000 - 262144 / 64);
    guest_close(&guest);
}

TEST(quotas, defaults_are_the_configured_ones)
{
    const wasmote_quotas_t quotas = wasmote_quotas_default();
    CHECK_EQ(quotas.stack_bytes, CONFIG_WASMOTE_DEFAULT_STACK_SIZE);
    CHECK_EQ(quotas.heap_bytes, CONFIG_WASMOTE_DEFAULT_HEAP_LIMIT);
    CHECK_EQ(quotas.memory_bytes, CONFIG_WASMOTE_DEFAULT_MEMORY_LIMIT);
    CHECK_EQ(quotas.table_elements, CONFIG_WASMOTE_DEFAULT_TABLE_LIMIT);
    CHECK_EQ(quotas.call_depth, CONFIG_WASMOTE_DEFAULT_CALL_DEPTH);
    CHECK(quotas.fuel == UINT64_MAX);
}
