/* Input that should never have come: each is an error with its place, costs nothing, and the firmware goes on. */
#include "wasmote_test.h"

GUEST(add);
GUEST(bulk_big);
GUEST(host);
GUEST(sensor_filter_small);
GUEST(small_pages);
GUEST(table);
GUEST(trap);

TEST_SUITE(hostile);

static uint8_t copy[4096];

static wasmote_status_t nothing(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    (void)cells;
    (void)user_data;
    return WASMOTE_OK;
}

/* Loads and, if that succeeds, instantiates the bytes; whatever comes of it, all is deleted again. */
static wasmote_status_t try_module(wasmote_runtime_t *runtime, const uint8_t *bytes, size_t size,
                                   const wasmote_imports_t *imports, wasmote_error_t *error)
{
    wasmote_module_t *module = NULL;
    *error = (wasmote_error_t){.status = WASMOTE_OK};
    wasmote_status_t status = wasmote_module_load(runtime, bytes, size, &module, error);
    if (status == WASMOTE_OK) {
        wasmote_instance_t *instance = NULL;
        wasmote_quotas_t quotas = wasmote_quotas_default();
        if (TEST_OPTION(CONFIG_WASMOTE_FUEL)) {
            quotas.fuel = 10000; /* a change of bytes may have made a start function */
        }
        status = wasmote_instance_new(module, imports, &quotas, &instance, error);
        if (status == WASMOTE_OK) {
            CHECK_OK(wasmote_instance_delete(instance));
        }
        CHECK_OK(wasmote_module_delete(module));
    } else {
        CHECK(error->offset <= size || error->offset == UINT32_MAX);
    }
    CHECK_EQ(error->status, status);
    return status;
}

static void expect_error(const uint8_t *bytes, size_t size, wasmote_status_t expected, uint32_t offset)
{
    wasmote_runtime_t *runtime;
    wasmote_error_t error;
    CHECK_OK(wasmote_runtime_new(NULL, &runtime));
    CHECK_STATUS(try_module(runtime, bytes, size, NULL, &error), expected);
    CHECK_EQ(error.offset, offset);
    CHECK_OK(wasmote_runtime_delete(runtime));
}

TEST(hostile, not_a_module)
{
    static const uint8_t magic[] = {0, 'a', 's', 'm', 2, 0, 0, 0};
    static const uint8_t text[] = "(module)";
    expect_error(text, sizeof text, WASMOTE_ERR_MALFORMED, 0);
    expect_error(magic, 4, WASMOTE_ERR_MALFORMED, 4);
    expect_error(magic, 8, WASMOTE_ERR_MALFORMED, 4);
    expect_error(magic, 0, WASMOTE_ERR_MALFORMED, 0);
}

/* Proper prefixes: a few end between sections and are modules of their own, all others are refused. */
TEST(hostile, truncated_anywhere)
{
    static const struct {
        const unsigned char *bytes;
        const size_t *size;
    } modules[] = {{trap_wasm, &trap_wasm_size}, {table_wasm, &table_wasm_size}, {host_wasm, &host_wasm_size}};
    wasmote_runtime_t *runtime;
    wasmote_error_t error;
    const size_t before = test_free_blocks();
    CHECK_OK(wasmote_runtime_new(NULL, &runtime));
    for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++) {
        int refused = 0;
        for (size_t size = 0; size < *modules[i].size; size++) {
            /* The end of what may be read is the end of the array. */
            uint8_t *bytes = copy + sizeof copy - size;
            memcpy(bytes, modules[i].bytes, size);
            refused += try_module(runtime, bytes, size, NULL, &error) != WASMOTE_OK;
        }
        CHECK(refused + 10 > (int)*modules[i].size);
    }
    CHECK_OK(wasmote_runtime_delete(runtime));
    CHECK_EQ(test_free_blocks(), before);
}

/* Not of a module with a page of memory: that would be made and cleared for each change that does no harm. */
TEST(hostile, bytes_changed_anywhere)
{
    static const uint8_t changes[] = {0x01, 0x40, 0x80, 0xFF};
    wasmote_runtime_t *runtime;
    wasmote_error_t error;
    const size_t before = test_free_blocks();
    int refused = 0;
    CHECK_OK(wasmote_runtime_new(NULL, &runtime));
    CHECK(table_wasm_size <= sizeof copy);
    for (size_t i = 0; i < table_wasm_size; i++) {
        for (size_t j = 0; j < sizeof changes; j++) {
            memcpy(copy, table_wasm, table_wasm_size);
            copy[i] ^= changes[j];
            refused += try_module(runtime, copy, table_wasm_size, NULL, &error) != WASMOTE_OK;
        }
    }
    CHECK(refused > (int)table_wasm_size * 2);
    CHECK_OK(wasmote_runtime_delete(runtime));
    CHECK_EQ(test_free_blocks(), before);
}

/* A module with one section. */
static size_t module_with(uint8_t section, const uint8_t *body, uint8_t size)
{
    static const uint8_t header[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    memcpy(copy, header, 8);
    copy[8] = section;
    copy[9] = size;
    memcpy(copy + 10, body, size);
    return 10u + size;
}

TEST(hostile, promises_that_the_bytes_do_not_keep)
{
    static const uint8_t many[] = {0xFF, 0xFF, 0xFF, 0xFF, 0x0F};
    wasmote_runtime_t *runtime;
    wasmote_error_t error;
    const size_t before = test_free_blocks();
    CHECK_OK(wasmote_runtime_new(NULL, &runtime));
    for (uint8_t section = 1; section <= 12; section++) { /* 4 thousand million types, imports, functions, ... */
        const size_t size = module_with(section, many, sizeof many);
        CHECK(try_module(runtime, copy, size, NULL, &error) != WASMOTE_OK);
    }
    CHECK_OK(wasmote_runtime_delete(runtime));
    CHECK_EQ(test_free_blocks(), before);
}

TEST(hostile, memories_and_tables_beyond_the_quota)
{
    static const uint8_t four_gigabytes[] = {1, 0x00, 0x80, 0x80, 0x04};             /* 65,536 pages */
    static const uint8_t many_elements[] = {1, 0x70, 0x00, 0x80, 0xAD, 0xE2, 0x04}; /* 10,000,000 */
    wasmote_runtime_t *runtime;
    wasmote_error_t error;
    const size_t before = test_free_blocks();
    CHECK_OK(wasmote_runtime_new(NULL, &runtime));
    CHECK_STATUS(try_module(runtime, copy, module_with(5, four_gigabytes, sizeof four_gigabytes), NULL, &error),
                 WASMOTE_ERR_QUOTA);
    CHECK_STATUS(try_module(runtime, copy, module_with(4, many_elements, sizeof many_elements), NULL, &error),
                 WASMOTE_ERR_QUOTA);
    CHECK_STATUS(try_module(runtime, bulk_big_wasm, bulk_big_wasm_size, NULL, &error), WASMOTE_ERR_QUOTA);
    CHECK_OK(wasmote_runtime_delete(runtime));
    CHECK_EQ(test_free_blocks(), before);
}

TEST(hostile, what_is_not_supported_is_named)
{
    static const uint8_t memory64[] = {1, 0x04, 0x01};
    static const uint8_t two_memories[] = {2, 0x00, 0x00, 0x00, 0x00};
    static const uint8_t shared[] = {1, 0x03, 0x01, 0x01};
    wasmote_runtime_t *runtime;
    wasmote_error_t error;
    CHECK_OK(wasmote_runtime_new(NULL, &runtime));
    CHECK_STATUS(try_module(runtime, copy, module_with(5, memory64, sizeof memory64), NULL, &error),
                 WASMOTE_ERR_UNSUPPORTED);
    CHECK(error.offset >= 10);
    CHECK_EQ(error.feature, WASMOTE_FEATURE_MEMORY64);
    CHECK_STATUS(try_module(runtime, copy, module_with(5, two_memories, sizeof two_memories), NULL, &error),
                 WASMOTE_ERR_UNSUPPORTED);
    CHECK_EQ(error.feature, WASMOTE_FEATURE_MULTI_MEMORY);
    CHECK_STATUS(try_module(runtime, copy, module_with(5, shared, sizeof shared), NULL, &error),
                 WASMOTE_ERR_UNSUPPORTED);
    CHECK_EQ(error.feature, WASMOTE_FEATURE_THREADS);
    CHECK_OK(wasmote_runtime_delete(runtime));
}

/* ---- imports ---- */

TEST(hostile, imports_that_do_not_fit)
{
    /* host.wasm's first import is host.add_i32 (i32, i32) -> i32. */
    wasmote_host_func_t function = {.module = "host", .name = "add_i32", .signature = "(ii)I", .function = nothing};
    wasmote_imports_t imports = {.functions = &function, .function_count = 1};
    wasmote_runtime_t *runtime;
    wasmote_error_t error;
    const size_t before = test_free_blocks();
    CHECK_OK(wasmote_runtime_new(NULL, &runtime));
    CHECK_STATUS(try_module(runtime, host_wasm, host_wasm_size, NULL, &error), WASMOTE_ERR_UNKNOWN_IMPORT);
    if (TEST_OPTION(CONFIG_WASMOTE_MESSAGES)) {
        CHECK(strstr(error.message, "add_i32") != NULL);
    }
    CHECK_STATUS(try_module(runtime, host_wasm, host_wasm_size, &imports, &error), WASMOTE_ERR_INCOMPATIBLE_IMPORT);
    if (TEST_OPTION(CONFIG_WASMOTE_MESSAGES)) {
        CHECK(strstr(error.message, "add_i32") != NULL);
    }
    function.signature = "(ii)i"; /* now the second one is missed */
    CHECK_STATUS(try_module(runtime, host_wasm, host_wasm_size, &imports, &error), WASMOTE_ERR_UNKNOWN_IMPORT);
    function.module = "ghost";
    CHECK_STATUS(try_module(runtime, host_wasm, host_wasm_size, &imports, &error), WASMOTE_ERR_UNKNOWN_IMPORT);
    CHECK_OK(wasmote_runtime_delete(runtime));
    CHECK_EQ(test_free_blocks(), before);
}

TEST(hostile, signatures_that_are_none)
{
    static const char *const signatures[] = {"", "ii", "(ii", "(xx)i", "(ii)i)", "(i i)i", NULL};
    wasmote_runtime_t *runtime;
    wasmote_error_t error;
    CHECK_OK(wasmote_runtime_new(NULL, &runtime));
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        const wasmote_host_func_t function = {
            .module = "host", .name = "add_i32", .signature = signatures[i], .function = nothing,
        };
        const wasmote_imports_t imports = {.functions = &function, .function_count = 1};
        CHECK(try_module(runtime, host_wasm, host_wasm_size, &imports, &error) != WASMOTE_OK);
    }
    CHECK_OK(wasmote_runtime_delete(runtime));
}

/* ---- memory that ends, at every allocation ---- */

static const wasmote_host_func_t sensor_functions[] = {
    {.module = "sensor", .name = "read", .signature = "()i", .function = nothing},
    {.module = "sensor", .name = "emit", .signature = "(ii)", .function = nothing},
    {.module = "sensor", .name = "log", .signature = "(ii)", .function = nothing},
};
static const wasmote_imports_t sensor_imports = {.functions = sensor_functions, .function_count = 3};

/* Everything up to a call, in a pool of that many bytes. */
static wasmote_status_t all_in_a_pool(size_t size)
{
    const wasmote_runtime_config_t config = {.pool = test_pool, .pool_size = size};
    struct guest guest = {.instance = NULL};
    wasmote_value_t result;
    wasmote_status_t status = wasmote_runtime_new(&config, &guest.runtime);
    if (status != WASMOTE_OK) {
        return status;
    }
    status = wasmote_module_load(guest.runtime, sensor_filter_small_wasm, sensor_filter_small_wasm_size, &guest.module,
                                 &guest.error);
    if (status == WASMOTE_OK) {
        status = wasmote_instance_new(guest.module, &sensor_imports, NULL, &guest.instance, &guest.error);
        if (status == WASMOTE_OK) {
            status = guest_call(&guest, "version", &result);
            CHECK_OK(wasmote_instance_delete(guest.instance));
        }
        CHECK_OK(wasmote_module_delete(guest.module));
    }
    CHECK_OK(wasmote_runtime_delete(guest.runtime));
    return status;
}

TEST(hostile, a_pool_that_ends_at_every_point)
{
    if (!TEST_OPTION(CONFIG_WASMOTE_RUNTIME_POOL)) {
        TEST_SKIP();
    }
    const size_t before = test_free_blocks();
    size_t size = 0;
    wasmote_status_t status;
    while ((status = all_in_a_pool(size)) != WASMOTE_OK) {
        /* Too small to be a pool at all, or exhausted at some point. */
        CHECK(status == WASMOTE_ERR_OUT_OF_MEMORY || (status == WASMOTE_ERR_INVALID_ARGUMENT && size < 1024) ||
              (status == WASMOTE_TRAP_NOT_COMPILED &&
               (TEST_OPTION(CONFIG_WASMOTE_JIT_LAZY) || TEST_OPTION(CONFIG_WASMOTE_INTERP_LAZY))));
        size += 64;
        CHECK(size <= TEST_POOL_SIZE);
    }
    CHECK(size > 8192 + 4096); /* what the value stack and the guest's memory take alone */
    CHECK_OK(all_in_a_pool(size));
    CHECK_EQ(test_free_blocks(), before);
}

TEST(hostile, a_heap_quota_that_ends_at_every_point)
{
    struct guest guest = {.instance = NULL};
    wasmote_quotas_t quotas = wasmote_quotas_default();
    const size_t before = test_free_blocks();
    CHECK_OK(wasmote_runtime_new(NULL, &guest.runtime));
    CHECK_OK(wasmote_module_load(guest.runtime, table_wasm, table_wasm_size, &guest.module, &guest.error));
    wasmote_status_t status;
    quotas.memory_bytes = 0;
    quotas.heap_bytes = 0;
    while ((status = wasmote_instance_new(guest.module, NULL, &quotas, &guest.instance, &guest.error)) != WASMOTE_OK) {
        CHECK_STATUS(status, WASMOTE_ERR_OUT_OF_MEMORY);
        quotas.heap_bytes += 16;
        CHECK(quotas.heap_bytes < 65536);
    }
    CHECK(quotas.heap_bytes > 0);
    guest_close(&guest);
    CHECK_EQ(test_free_blocks(), before);
}

/* ---- handles and pointers that are none ---- */

TEST(hostile, null_where_there_should_be_something)
{
    struct guest guest;
    wasmote_module_t *module;
    wasmote_instance_t *instance;
    wasmote_func_t func;
    guest_open(&guest, small_pages, NULL, NULL);
    CHECK_STATUS(wasmote_runtime_new(NULL, NULL), WASMOTE_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(wasmote_runtime_delete(NULL), WASMOTE_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(wasmote_module_load(NULL, add_wasm, add_wasm_size, &module, NULL), WASMOTE_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(wasmote_module_load(guest.runtime, NULL, 8, &module, NULL), WASMOTE_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(wasmote_module_load(guest.runtime, add_wasm, add_wasm_size, NULL, NULL), WASMOTE_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(wasmote_module_delete(NULL), WASMOTE_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(wasmote_instance_new(NULL, NULL, NULL, &instance, NULL), WASMOTE_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(wasmote_instance_new(guest.module, NULL, NULL, NULL, NULL), WASMOTE_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(wasmote_instance_delete(NULL), WASMOTE_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(wasmote_instance_func(NULL, "size", &func), WASMOTE_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(wasmote_instance_func(guest.instance, NULL, &func), WASMOTE_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(wasmote_memory_read(NULL, 0, copy, 1), WASMOTE_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(wasmote_memory_read(guest.instance, 0, NULL, 1), WASMOTE_ERR_INVALID_ARGUMENT);
    CHECK_OK(wasmote_instance_func(guest.instance, "size", &func));
    CHECK(wasmote_func_call(guest.instance, func, NULL, 0, NULL, 1, NULL) != WASMOTE_OK);
    guest_close(&guest);
}

TEST(hostile, deleting_in_the_wrong_order)
{
    struct guest guest;
    guest_open(&guest, add, NULL, NULL);
    CHECK_STATUS(wasmote_runtime_delete(guest.runtime), WASMOTE_ERR_BUSY);
    CHECK_STATUS(wasmote_module_delete(guest.module), WASMOTE_ERR_BUSY);
    CHECK_OK(wasmote_instance_delete(guest.instance));
    CHECK_STATUS(wasmote_runtime_delete(guest.runtime), WASMOTE_ERR_BUSY);
    CHECK_OK(wasmote_module_delete(guest.module));
    CHECK_OK(wasmote_runtime_delete(guest.runtime));
}

TEST(hostile, a_function_of_another_instance)
{
    struct guest guest, other;
    wasmote_func_t load;
    wasmote_value_t result;
    const wasmote_value_t address[] = {I32(0)};
    guest_open(&guest, small_pages, NULL, NULL);
    guest_open(&other, add, NULL, NULL);
    CHECK_OK(wasmote_instance_func(guest.instance, "load", &load));
    CHECK(wasmote_func_call(other.instance, load, address, 1, &result, 1, NULL) != WASMOTE_OK);
    guest_close(&other);
    guest_close(&guest);
}
