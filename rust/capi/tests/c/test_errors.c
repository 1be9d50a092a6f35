/* Bad input: each an error with its place, and nothing left behind. */
#include "capi_test.h"
#include "modules.h"

#include <string.h>

static size_t heap_of(wasmote_runtime_t *runtime)
{
    wasmote_stats_t stats;

    return wasmote_runtime_stats(runtime, &stats) == WASMOTE_OK ? stats.heap_used : 0;
}

void test_bad_modules(void)
{
    static const uint8_t not_wasm[] = {0x7F, 'E', 'L', 'F', 1, 0, 0, 0};
    struct fixture f;
    wasmote_module_t *module = NULL;
    size_t used;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    used = heap_of(f.runtime);
    CHECK_STATUS(WASMOTE_ERR_MALFORMED,
                 wasmote_module_load(f.runtime, not_wasm, sizeof(not_wasm), &module, &f.error));
    CHECK(f.error.status == WASMOTE_ERR_MALFORMED && f.error.offset == 0 && contains(f.error.message, "magic"));
    CHECK_STATUS(WASMOTE_ERR_MALFORMED, wasmote_module_load(f.runtime, NULL, 0, &module, &f.error));
    CHECK_STATUS(WASMOTE_ERR_INVALID,
                 wasmote_module_load(f.runtime, invalid_wasm, sizeof(invalid_wasm), &module, &f.error));
    CHECK(f.error.offset > 8 && f.error.offset < sizeof(invalid_wasm) && contains(f.error.message, "type mismatch"));
    CHECK_STATUS(WASMOTE_ERR_UNSUPPORTED,
                 wasmote_module_load(f.runtime, simd_wasm, sizeof(simd_wasm), &module, &f.error));
    CHECK(contains(f.error.message, "simd") && f.error.offset < sizeof(simd_wasm));
    CHECK_STATUS(WASMOTE_ERR_UNSUPPORTED,
                 wasmote_module_load(f.runtime, simd_wasm, sizeof(simd_wasm), &module, NULL));
    CHECK(module == NULL && heap_of(f.runtime) == used);
    CHECK(fixture_end(&f));
}

/* What is behind a module's magic number. */
struct refused {
    wasmote_feature_t feature;
    const char *name;
    uint8_t size;
    uint8_t bytes[28];
};

void test_refused_features(void)
{
    static const struct refused modules[] = {
        {WASMOTE_FEATURE_SIMD, "simd", 11, {1, 0, 0, 0, 1, 5, 1, 0x60, 1, 0x7B, 0}},
        {WASMOTE_FEATURE_THREADS, "threads", 10, {1, 0, 0, 0, 5, 4, 1, 0x03, 1, 1}},
        {WASMOTE_FEATURE_GC, "gc", 9, {1, 0, 0, 0, 1, 3, 1, 0x5F, 0}},
        {WASMOTE_FEATURE_EXCEPTIONS, "exception-handling", 9, {1, 0, 0, 0, 13, 3, 1, 0, 0}},
        {WASMOTE_FEATURE_MEMORY64, "memory64", 9, {1, 0, 0, 0, 5, 3, 1, 0x04, 1}},
        {WASMOTE_FEATURE_MULTI_MEMORY, "multi-memory", 11, {1, 0, 0, 0, 5, 5, 2, 0, 0, 0, 0}},
        {WASMOTE_FEATURE_COMPONENTS, "component-model", 4, {13, 0, 1, 0}},
        {WASMOTE_FEATURE_WIDE_ARITHMETIC,
         "wide-arithmetic",
         22,
         {1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 6, 1, 4, 0, 0xFC, 19, 0x0B}},
    };
    struct fixture f;
    uint8_t bytes[4 + sizeof(modules[0].bytes)] = {0, 'a', 's', 'm'};
    wasmote_module_t *module = NULL;
    size_t i;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        const struct refused *refused = &modules[i];

        memcpy(bytes + 4, refused->bytes, sizeof(refused->bytes));
        f.error.feature = UINT32_MAX;
        CHECK_STATUS(WASMOTE_ERR_UNSUPPORTED,
                     wasmote_module_load(f.runtime, bytes, (size_t)refused->size + 4, &module, &f.error));
        CHECK(f.error.feature == refused->feature && contains(f.error.message, refused->name));
    }
    /* Of other errors it is none. */
    CHECK_STATUS(WASMOTE_ERR_MALFORMED, wasmote_module_load(f.runtime, bytes, 6, &module, &f.error));
    CHECK(f.error.feature == WASMOTE_FEATURE_NONE);
    f.error.feature = UINT32_MAX;
    CHECK_STATUS(WASMOTE_TRAP_UNREACHABLE, fixture_call(&f, "trap", NULL, 0, NULL));
    CHECK(f.error.feature == WASMOTE_FEATURE_NONE && module == NULL);
    CHECK(fixture_end(&f));
}

/* Loads it, and runs what there is if it is a module. */
static bool survives(struct fixture *f, const uint8_t *bytes, size_t size, size_t used)
{
    wasmote_module_t *module;
    wasmote_instance_t *instance;
    wasmote_quotas_t quotas = f->quotas;
    wasmote_func_t func;
    wasmote_value_t args[2], result;

    if (wasmote_module_load_copy(f->runtime, bytes, size, &module, &f->error) != WASMOTE_OK) {
        return f->error.status != WASMOTE_OK && f->error.message[0] != '\0' &&
               (f->error.offset <= size || f->error.offset == UINT32_MAX) && heap_of(f->runtime) == used;
    }
    quotas.fuel = 10000;
    args[0] = args[1] = i32_value(1);
    if (wasmote_instance_new(module, &f->imports, &quotas, &instance, &f->error) == WASMOTE_OK) {
        if (wasmote_instance_func(instance, "add", &func) == WASMOTE_OK) {
            (void)wasmote_func_call(instance, func, args, 2, &result, 1, &f->error);
        }
        if (wasmote_instance_func(instance, "trap", &func) == WASMOTE_OK) {
            (void)wasmote_func_call(instance, func, NULL, 0, NULL, 0, &f->error);
        }
        if (wasmote_instance_delete(instance) != WASMOTE_OK) {
            return false;
        }
    }
    return wasmote_module_delete(module) == WASMOTE_OK && heap_of(f->runtime) == used;
}

void test_truncated(void)
{
    struct fixture f;
    size_t size, used;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    used = heap_of(f.runtime);
    for (size = 0; size < sizeof(api_wasm); size++) {
        CHECK(survives(&f, api_wasm, size, used));
    }
    CHECK(fixture_end(&f));
}

void test_mutated(void)
{
    static const uint8_t masks[] = {0x01, 0x40, 0x80, 0xFF};
    static uint8_t bytes[sizeof(api_wasm)];
    struct fixture f;
    size_t at, mask, used;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    used = heap_of(f.runtime);
    memcpy(bytes, api_wasm, sizeof(bytes));
    for (at = 0; at < sizeof(bytes); at++) {
        for (mask = 0; mask < sizeof(masks); mask++) {
            bytes[at] ^= masks[mask];
            CHECK(survives(&f, bytes, sizeof(bytes), used));
            bytes[at] ^= masks[mask];
        }
    }
    CHECK(fixture_end(&f));
}

/* Instantiates api.wat with one line of the table changed. */
static wasmote_status_t instantiate(struct fixture *f)
{
    wasmote_instance_t *instance = NULL;
    size_t used = heap_of(f->runtime);
    wasmote_status_t status = wasmote_instance_new(f->module, &f->imports, NULL, &instance, &f->error);

    return instance != NULL || heap_of(f->runtime) != used ? WASMOTE_ERR_HOST : status;
}

static wasmote_status_t link_with(struct fixture *f, const uint8_t *bytes, size_t size)
{
    wasmote_import_instance_t line;
    wasmote_imports_t imports;
    wasmote_module_t *module;
    wasmote_instance_t *instance;
    wasmote_status_t status = wasmote_module_load(f->runtime, bytes, size, &module, NULL);

    memset(&imports, 0, sizeof(imports));
    line.module = "api";
    line.instance = f->instance;
    imports.instances = &line;
    imports.instance_count = 1;
    if (status == WASMOTE_OK) {
        status = wasmote_instance_new(module, &imports, NULL, &instance, &f->error);
        if (wasmote_module_delete(module) != WASMOTE_OK) {
            return WASMOTE_ERR_HOST;
        }
    }
    return status;
}

/* A module that imports the function "env" "\0\nx". */
static const uint8_t control_name_wasm[] = {0,   'a', 's', 'm', 1,   0, 0, 0, 1,    4, 1, 0x60, 0,
                                            0,   2,   11,  1,   3, 'e', 'n', 'v', 3, 0, '\n', 'x', 0, 0};

void test_imports(void)
{
    struct fixture f;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    f.functions[1].name = "mixed";
    CHECK_STATUS(WASMOTE_ERR_UNKNOWN_IMPORT, instantiate(&f));
    CHECK(contains(f.error.message, "env.mix: not found, expected function (iIfF)F"));
    CHECK(f.error.offset > 8 && f.error.offset < sizeof(api_wasm));
    CHECK_STATUS(WASMOTE_ERR_UNKNOWN_IMPORT, wasmote_instance_new(f.module, NULL, NULL, &f.instance, &f.error));
    f.functions[1].name = "mix";
    f.functions[1].signature = "(iIFF)F";
    CHECK_STATUS(WASMOTE_ERR_INCOMPATIBLE_IMPORT, instantiate(&f));
    CHECK(contains(f.error.message, "env.mix: expected function (iIfF)F, found function (iIFF)F"));
    CHECK(f.error.offset > 8 && f.error.offset < sizeof(api_wasm));
    f.functions[1].signature = "(iIfF)";
    CHECK_STATUS(WASMOTE_ERR_INCOMPATIBLE_IMPORT, instantiate(&f));
    f.functions[1].signature = "(iIf?)F";
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, instantiate(&f));
    CHECK(contains(f.error.message, "env.mix: bad signature at character 4: (iIf?)F"));
    f.functions[1].signature = "";
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, instantiate(&f));
    f.functions[1].signature = NULL;
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, instantiate(&f));
    CHECK(contains(f.error.message, "functions: 1"));
    f.functions[1].signature = "(iIfF)F";
    f.functions[1].module = "\xFF";
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, instantiate(&f));
    f.functions[1].module = "env";
    f.functions[1].function = NULL;
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, instantiate(&f));
    f.imports.functions = NULL;
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, instantiate(&f));

    /* A module's names neither end a message nor begin a line of a log. */
    CHECK_STATUS(WASMOTE_ERR_UNKNOWN_IMPORT, link_with(&f, control_name_wasm, sizeof(control_name_wasm)));
    CHECK(contains(f.error.message, "env.?\?x: not found, expected function ()"));
    CHECK_STATUS(WASMOTE_ERR_INCOMPATIBLE_IMPORT, link_with(&f, wrong_func_wasm, sizeof(wrong_func_wasm)));
    CHECK(contains(f.error.message, "api.add: expected function (I)f, found function (ii)i"));
    CHECK_STATUS(WASMOTE_ERR_INCOMPATIBLE_IMPORT, link_with(&f, wrong_kind_wasm, sizeof(wrong_kind_wasm)));
    CHECK(contains(f.error.message, "api.add: expected global i32, found function (ii)i"));
    CHECK_STATUS(WASMOTE_ERR_INCOMPATIBLE_IMPORT, link_with(&f, wrong_global_wasm, sizeof(wrong_global_wasm)));
    CHECK(contains(f.error.message, "api.counter: expected global i32, found another type"));
    CHECK_STATUS(WASMOTE_ERR_UNKNOWN_IMPORT, link_with(&f, api_wasm, sizeof(api_wasm)));
    CHECK(fixture_end(&f));
}

static wasmote_status_t start(struct fixture *f, const uint8_t *bytes, size_t size)
{
    wasmote_module_t *module;
    wasmote_instance_t *instance;
    wasmote_status_t status = wasmote_module_load(f->runtime, bytes, size, &module, NULL);

    if (status == WASMOTE_OK) {
        status = wasmote_instance_new(module, &f->imports, &f->quotas, &instance, &f->error);
        if (status == WASMOTE_OK && wasmote_instance_delete(instance) != WASMOTE_OK) {
            return WASMOTE_ERR_HOST;
        }
        if (wasmote_module_delete(module) != WASMOTE_OK) {
            return WASMOTE_ERR_HOST;
        }
    }
    return status;
}

void test_start(void)
{
    struct fixture f;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_TRAP_UNREACHABLE, start(&f, start_trap_wasm, sizeof(start_trap_wasm)));
    CHECK(contains(f.error.message, "(begin)") && f.error.offset < sizeof(start_trap_wasm));
    CHECK_STATUS(WASMOTE_TRAP_OUT_OF_FUEL, start(&f, start_spin_wasm, sizeof(start_spin_wasm)));
    CHECK_STATUS(WASMOTE_OK, start(&f, start_host_wasm, sizeof(start_host_wasm)));
    CHECK(f.host.count == 1);
    f.host.action = ACT_FAIL;
    CHECK_STATUS(WASMOTE_TRAP_HOST, start(&f, start_host_wasm, sizeof(start_host_wasm)));
    CHECK(f.error.host_status == HOST_STATUS);
    CHECK(fixture_end(&f));
}

void test_quotas(void)
{
    struct fixture f;
    wasmote_module_t *module;
    wasmote_instance_t *instance;
    wasmote_quotas_t quotas = wasmote_quotas_default();
    wasmote_value_t value;
    size_t used;

    CHECK(quotas.fuel == UINT64_MAX && quotas.stack_bytes >= 64 && quotas.call_depth >= 1);
    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_load(f.runtime, big_wasm, sizeof(big_wasm), &module, NULL));
    used = heap_of(f.runtime);
    quotas.memory_bytes = 131071;
    CHECK_STATUS(WASMOTE_ERR_QUOTA, wasmote_instance_new(module, NULL, &quotas, &instance, &f.error));
    CHECK(f.error.status == WASMOTE_ERR_QUOTA && contains(f.error.message, "memory"));
    quotas.memory_bytes = 131072;
    quotas.table_elements = 99;
    CHECK_STATUS(WASMOTE_ERR_QUOTA, wasmote_instance_new(module, NULL, &quotas, &instance, &f.error));
    CHECK(contains(f.error.message, "table"));
    quotas.table_elements = 150;
    quotas.heap_bytes = 100;
    CHECK_STATUS(WASMOTE_ERR_OUT_OF_MEMORY, wasmote_instance_new(module, NULL, &quotas, &instance, &f.error));
    CHECK(heap_of(f.runtime) == used);
    quotas.heap_bytes = 4096;
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_new(module, NULL, &quotas, &instance, &f.error));
    memset(&value, 0, sizeof(value));
    value.type = WASMOTE_EXTERNREF;
    CHECK_STATUS(WASMOTE_OK, wasmote_table_grow(instance, "table", 50, &value, NULL));
    CHECK_STATUS(WASMOTE_ERR_OUT_OF_BOUNDS, wasmote_table_grow(instance, "table", 1, &value, NULL));
    CHECK_STATUS(WASMOTE_ERR_OUT_OF_BOUNDS, wasmote_memory_grow(instance, 1, NULL));
    CHECK_STATUS(WASMOTE_OK, wasmote_instance_delete(instance));
    CHECK_STATUS(WASMOTE_OK, wasmote_module_delete(module));
    CHECK(fixture_end(&f));
}

/* From nothing to a call. */
static wasmote_status_t everything(const wasmote_runtime_config_t *config, struct fixture *f, uint32_t failing)
{
    wasmote_runtime_t *runtime = NULL;
    wasmote_module_t *module = NULL;
    wasmote_instance_t *instance = NULL;
    wasmote_value_t values[6], results[6];
    wasmote_func_t func;
    wasmote_status_t status = wasmote_runtime_new(config, &runtime);
    size_t used, i;

    if (status != WASMOTE_OK) {
        return runtime == NULL ? status : WASMOTE_ERR_HOST;
    }
    used = heap_of(runtime);
    for (i = 0; i < 6; i++) {
        values[i] = i32_value((int32_t)i);
    }
    (void)wasmote_runtime_fail_allocation(runtime, failing);
    status = wasmote_module_load(runtime, api_wasm, sizeof(api_wasm), &module, &f->error);
    if (status == WASMOTE_OK) {
        status = wasmote_instance_new(module, &f->imports, &f->quotas, &instance, &f->error);
    }
    if (status == WASMOTE_OK) {
        status = wasmote_instance_func(instance, "reverse", &func);
    }
    if (status == WASMOTE_OK) {
        status = wasmote_func_call(instance, func, values, 6, results, 6, &f->error);
    }
    (void)wasmote_runtime_fail_allocation(runtime, 0);
    if (status != WASMOTE_OK && (f->error.status != status || f->error.message[0] == '\0')) {
        return WASMOTE_ERR_HOST;
    }
    if ((instance != NULL && wasmote_instance_delete(instance) != WASMOTE_OK) ||
        (module != NULL && wasmote_module_delete(module) != WASMOTE_OK) || heap_of(runtime) != used ||
        wasmote_runtime_delete(runtime) != WASMOTE_OK) {
        return WASMOTE_ERR_HOST;
    }
    return status;
}

void test_pools(void)
{
    static union {
        uint8_t bytes[160 * 1024];
        uint64_t aligned;
    } pool;
    struct fixture f;
    wasmote_runtime_config_t config;
    wasmote_status_t status = WASMOTE_ERR_OUT_OF_MEMORY;
    size_t failures = 0;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    memset(&config, 0, sizeof(config));
    config.pool = pool.bytes;
    for (config.pool_size = 1; status != WASMOTE_OK; config.pool_size += config.pool_size < 16384 ? 97 : 1009) {
        CHECK(config.pool_size <= sizeof(pool));
        status = everything(&config, &f, 0);
        CHECK(status == WASMOTE_OK || status == WASMOTE_ERR_OUT_OF_MEMORY);
        failures += status != WASMOTE_OK;
    }
    CHECK(failures > 50);
    /* A pool that does not begin where anything is aligned. */
    config.pool = pool.bytes + 1;
    config.pool_size = sizeof(pool) - 1;
    CHECK_STATUS(WASMOTE_OK, everything(&config, &f, 0));
    config.pool_size = 0;
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, everything(&config, &f, 0));
    config.pool = NULL;
    config.pool_size = 1000;
    CHECK_STATUS(WASMOTE_ERR_INVALID_ARGUMENT, everything(&config, &f, 0));
    config.pool_size = 0;
    config.heap_limit = 20000;
    CHECK_STATUS(WASMOTE_ERR_OUT_OF_MEMORY, everything(&config, &f, 0));
    CHECK(fixture_end(&f));
}

void test_failing_allocations(void)
{
    struct fixture f;
    wasmote_status_t status = WASMOTE_ERR_OUT_OF_MEMORY;
    uint32_t n;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    for (n = 1; status != WASMOTE_OK; n++) {
        CHECK(n < 10000);
        status = everything(NULL, &f, n);
        CHECK(status == WASMOTE_OK || status == WASMOTE_ERR_OUT_OF_MEMORY);
    }
    CHECK(n > 20);
    CHECK(fixture_end(&f));
}
