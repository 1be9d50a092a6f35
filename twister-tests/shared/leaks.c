/* What was taken is given back: by the runtime's own account, and by the platform's. */
#include "wasmote_test.h"

GUEST(add);
GUEST(coremix);
GUEST(memory);
GUEST(sensor_filter_small);
GUEST(table);
GUEST(telemetry);
GUEST(trap);

TEST_SUITE(leaks);

static size_t heap_used(wasmote_runtime_t *runtime)
{
    wasmote_stats_t stats;
    wasmote_runtime_stats(runtime, &stats);
    return stats.heap_used;
}

TEST(leaks, a_runtime_without_anything)
{
    const size_t before = test_free_blocks();
    for (int i = 0; i < 50; i++) {
        wasmote_runtime_t *runtime;
        CHECK_OK(wasmote_runtime_new(NULL, &runtime));
        CHECK_OK(wasmote_runtime_delete(runtime));
    }
    CHECK_EQ(test_free_blocks(), before);
}

TEST(leaks, modules_and_instances_come_and_go)
{
    static const struct {
        const unsigned char *bytes;
        const size_t *size;
    } modules[] = {
        {add_wasm, &add_wasm_size},         {coremix_wasm, &coremix_wasm_size}, {memory_wasm, &memory_wasm_size},
        {table_wasm, &table_wasm_size},     {trap_wasm, &trap_wasm_size},       {telemetry_wasm, &telemetry_wasm_size},
    };
    const size_t before = test_free_blocks();
    struct guest guest;
    CHECK_OK(wasmote_runtime_new(NULL, &guest.runtime));
    const size_t used = heap_used(guest.runtime);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++) {
            CHECK_OK(wasmote_module_load(guest.runtime, modules[i].bytes, *modules[i].size, &guest.module,
                                         &guest.error));
            const size_t loaded = heap_used(guest.runtime);
            CHECK(loaded > used);
            for (int again = 0; again < 3; again++) {
                CHECK_OK(wasmote_instance_new(guest.module, NULL, NULL, &guest.instance, &guest.error));
                CHECK(heap_used(guest.runtime) > loaded);
                CHECK_OK(wasmote_instance_delete(guest.instance));
                CHECK_EQ(heap_used(guest.runtime), loaded);
            }
            CHECK_OK(wasmote_module_delete(guest.module));
            CHECK_EQ(heap_used(guest.runtime), used);
        }
    }
    CHECK_OK(wasmote_runtime_delete(guest.runtime));
    CHECK_EQ(test_free_blocks(), before);
}

TEST(leaks, calls_and_traps_take_nothing)
{
    struct guest guest;
    wasmote_value_t result;
    guest_open(&guest, trap, NULL, NULL);
    CHECK_STATUS(guest_call(&guest, "unreachable", NULL), WASMOTE_TRAP_UNREACHABLE);
    const size_t used = heap_used(guest.runtime);
    const size_t blocks = test_free_blocks();
    for (int i = 0; i < 100; i++) {
        CHECK_OK(guest_call(&guest, "divide", &result, I32(7), I32(2)));
        CHECK_STATUS(guest_call(&guest, "unreachable", NULL), WASMOTE_TRAP_UNREACHABLE);
        CHECK_STATUS(guest_call(&guest, "stack_overflow", &result, I64(0)), WASMOTE_TRAP_STACK_OVERFLOW);
    }
    CHECK_EQ(heap_used(guest.runtime), used);
    CHECK_EQ(test_free_blocks(), blocks);
    guest_close(&guest);
}

TEST(leaks, memory_that_grew_is_given_back)
{
    const size_t before = test_free_blocks();
    for (int i = 0; i < 5; i++) {
        struct guest guest;
        wasmote_value_t result;
        guest_open(&guest, memory, NULL, NULL);
        CHECK_OK(guest_call(&guest, "grow_and_use", &result));
        CHECK_EQ(result.of.i32, 9);
        guest_close(&guest);
    }
    CHECK_EQ(test_free_blocks(), before);
}

TEST(leaks, instances_that_could_not_be_made)
{
    const size_t before = test_free_blocks();
    struct guest guest;
    CHECK_OK(wasmote_runtime_new(NULL, &guest.runtime));
    CHECK_OK(wasmote_module_load(guest.runtime, sensor_filter_small_wasm, sensor_filter_small_wasm_size, &guest.module,
                                 &guest.error));
    const size_t used = heap_used(guest.runtime);
    for (int i = 0; i < 50; i++) {
        CHECK_STATUS(wasmote_instance_new(guest.module, NULL, NULL, &guest.instance, &guest.error),
                     WASMOTE_ERR_UNKNOWN_IMPORT);
        CHECK_EQ(heap_used(guest.runtime), used);
    }
    CHECK_OK(wasmote_module_delete(guest.module));
    CHECK_OK(wasmote_runtime_delete(guest.runtime));
    CHECK_EQ(test_free_blocks(), before);
}

/* A runtime in a pool of its own takes nothing from the platform but its mutex, where the RTOS allocates that, and leaves no trace in the pool: it can be used up
 * to the same point again and again. */
TEST(leaks, a_runtime_in_its_own_pool)
{
    if (!TEST_OPTION(CONFIG_WASMOTE_RUNTIME_POOL)) {
        TEST_SKIP();
    }
    const wasmote_runtime_config_t config = {.pool = test_pool, .pool_size = TEST_POOL_SIZE};
    const size_t before = test_free_blocks();
    size_t first_peak = 0, beside_pool = 0;
    for (int i = 0; i < 10; i++) {
        struct guest guest;
        wasmote_value_t result;
        wasmote_stats_t stats;
        wasmote_quotas_t quotas = wasmote_quotas_default();
        quotas.trim_memory = true; /* what it uses of its page is much less than the pool */
        CHECK_OK(wasmote_runtime_new(&config, &guest.runtime));
        if (i == 0) {
            beside_pool = test_free_blocks();
            CHECK(before - beside_pool <= 1);
        }
        CHECK_EQ(test_free_blocks(), beside_pool);
        CHECK_OK(wasmote_module_load(guest.runtime, coremix_wasm, coremix_wasm_size, &guest.module, &guest.error));
        CHECK_OK(wasmote_instance_new(guest.module, NULL, &quotas, &guest.instance, &guest.error));
        CHECK_OK(guest_call(&guest, "run", &result, I32(1)));
        CHECK_EQ(test_free_blocks(), beside_pool);
        wasmote_runtime_stats(guest.runtime, &stats);
        if (i == 0) {
            first_peak = stats.heap_peak;
        }
        CHECK_EQ(stats.heap_peak, first_peak);
        guest_close(&guest);
    }
    CHECK_EQ(test_free_blocks(), before);
}
