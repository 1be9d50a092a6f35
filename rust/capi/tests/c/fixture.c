#include "capi_test.h"
#include "modules.h"

#include <string.h>

#define POOL_SIZE (512 * 1024)

static union {
    uint8_t bytes[POOL_SIZE];
    uint64_t aligned;
} pool;

wasmote_value_t i32_value(int32_t value)
{
    wasmote_value_t made;

    memset(&made, 0, sizeof(made));
    made.type = WASMOTE_I32;
    made.of.i32 = value;
    return made;
}

bool contains(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static wasmote_status_t twice(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    struct host *host = user_data;

    (void)caller;
    host->count++;
    cells[0] *= 2;
    return WASMOTE_OK;
}

static wasmote_status_t mix(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    double sum = (double)(int32_t)cells[0] + (double)wasmote_cell_i64(&cells[1]) +
                 (double)wasmote_cell_f32(&cells[3]) + wasmote_cell_f64(&cells[4]);

    (void)caller;
    (void)user_data;
    wasmote_set_cell_f64(cells, sum);
    return WASMOTE_OK;
}

static wasmote_status_t call_add(wasmote_instance_t *instance, uint32_t *result)
{
    wasmote_value_t args[2], sum;
    wasmote_func_t add;
    wasmote_status_t status = wasmote_instance_func(instance, "add", &add);

    args[0] = i32_value(40);
    args[1] = i32_value(2);
    if (status == WASMOTE_OK) {
        status = wasmote_func_call(instance, add, args, 2, &sum, 1, NULL);
    }
    if (status == WASMOTE_OK) {
        *result = (uint32_t)sum.of.i32;
    }
    return status;
}

static wasmote_status_t look(wasmote_instance_t *instance)
{
    wasmote_value_t value;
    wasmote_stats_t stats;
    wasmote_frame_t frame;
    wasmote_status_t status = wasmote_global_get(instance, "counter", &value);
    uint32_t size = 0;

    if (status == WASMOTE_OK) {
        value.of.i32++;
        status = wasmote_global_set(instance, "counter", &value);
    }
    if (status == WASMOTE_OK) {
        status = wasmote_table_size(instance, "table", &size);
    }
    if (status == WASMOTE_OK && (size != 4 || wasmote_memory_size(instance) != 65536)) {
        status = WASMOTE_ERR_HOST;
    }
    if (status == WASMOTE_OK) {
        status = wasmote_instance_set_fuel(instance, 1000000);
    }
    /* The store itself is in use. */
    if (status == WASMOTE_OK && wasmote_instance_stats(instance, &stats) != WASMOTE_ERR_BUSY) {
        status = WASMOTE_ERR_HOST;
    }
    if (status == WASMOTE_OK && wasmote_instance_backtrace(instance, &frame, 1) != 0) {
        status = WASMOTE_ERR_HOST;
    }
    if (status == WASMOTE_OK && wasmote_instance_delete(instance) != WASMOTE_ERR_BUSY) {
        status = WASMOTE_ERR_HOST;
    }
    return status;
}

static wasmote_status_t act(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    struct host *host = user_data;
    wasmote_instance_t *instance = wasmote_caller_instance(caller);
    wasmote_value_t arg = i32_value(0), result;
    wasmote_func_t func;
    uint8_t *bytes;

    host->count++;
    host->kept = caller;
    if (wasmote_caller_data(caller) != host) {
        return WASMOTE_ERR_HOST;
    }
    switch (host->action) {
    case ACT_FAIL:
        return HOST_STATUS;
    case ACT_TRAP:
        return WASMOTE_TRAP_INTEGER_OVERFLOW;
    case ACT_CALL_BACK:
        return call_add(instance, cells);
    case ACT_CALL_OUTSIDE:
        host->seen = call_add(host->instance, cells);
        return WASMOTE_OK;
    case ACT_CALL_TRAP:
        if (wasmote_instance_func(instance, "trap", &func) != WASMOTE_OK) {
            return WASMOTE_ERR_HOST;
        }
        return wasmote_func_call(instance, func, NULL, 0, NULL, 0, NULL);
    case ACT_RECURSE:
        if (wasmote_instance_func(instance, "act", &func) != WASMOTE_OK) {
            return WASMOTE_ERR_HOST;
        }
        return wasmote_func_call(instance, func, &arg, 1, &result, 1, NULL);
    case ACT_MEMORY:
        bytes = wasmote_caller_memory(caller, 16, 5);
        if (bytes == NULL || memcmp(bytes, "hello", 5) != 0) {
            return WASMOTE_ERR_HOST;
        }
        bytes[0] = 'j';
        if (wasmote_caller_memory(caller, 65535, 1) == NULL || wasmote_caller_memory(caller, 65535, 2) != NULL ||
            wasmote_caller_memory(caller, UINT32_MAX, 1) != NULL ||
            wasmote_caller_memory(caller, 1, SIZE_MAX) != NULL || wasmote_caller_memory(caller, 65536, 0) == NULL) {
            return WASMOTE_ERR_HOST;
        }
        return wasmote_memory_write(instance, 17, "u", 1);
    case ACT_LOOK:
        return look(instance);
    case ACT_CHARGE:
        return wasmote_caller_charge(caller, 500);
    case ACT_SLEEP:
        wasmote_platform_sleep_ms(50);
        return WASMOTE_OK;
    default:
        cells[0] += 1;
        return WASMOTE_OK;
    }
}

wasmote_status_t fixture_begin(struct fixture *fixture)
{
    const wasmote_host_func_t functions[3] = {
        {"env", "twice", "(i)i", twice, &fixture->host},
        {"env", "mix", "(iIfF)F", mix, NULL},
        {"env", "act", "(i)i", act, &fixture->host},
    };
    wasmote_runtime_config_t config;
    wasmote_stats_t stats;
    wasmote_status_t status;

    memset(fixture, 0, sizeof(*fixture));
    memset(&config, 0, sizeof(config));
    memcpy(fixture->functions, functions, sizeof(functions));
    fixture->imports.functions = fixture->functions;
    fixture->imports.function_count = 3;
    fixture->imports.data = &fixture->host;
    fixture->quotas = wasmote_quotas_default();
    fixture->quotas.fuel = 1000000;
    config.pool = pool.bytes;
    config.pool_size = POOL_SIZE;
    status = wasmote_runtime_new(&config, &fixture->runtime);
    if (status == WASMOTE_OK) {
        status = wasmote_runtime_stats(fixture->runtime, &stats);
    }
    if (status == WASMOTE_OK) {
        fixture->empty = stats.heap_used;
        status = wasmote_module_load(fixture->runtime, api_wasm, sizeof(api_wasm), &fixture->module, &fixture->error);
    }
    if (status == WASMOTE_OK) {
        status = wasmote_instance_new(fixture->module, &fixture->imports, &fixture->quotas, &fixture->instance,
                                      &fixture->error);
        fixture->host.instance = fixture->instance;
    }
    return status;
}

bool fixture_end(struct fixture *fixture)
{
    wasmote_stats_t stats;

    return (fixture->instance == NULL || wasmote_instance_delete(fixture->instance) == WASMOTE_OK) &&
           (fixture->module == NULL || wasmote_module_delete(fixture->module) == WASMOTE_OK) &&
           wasmote_runtime_stats(fixture->runtime, &stats) == WASMOTE_OK && stats.heap_used == fixture->empty &&
           wasmote_runtime_delete(fixture->runtime) == WASMOTE_OK;
}

wasmote_status_t fixture_call(struct fixture *fixture, const char *name, const int32_t *args, size_t arg_count,
                              int32_t *result)
{
    wasmote_value_t values[4], got;
    wasmote_func_t func;
    wasmote_status_t status = wasmote_instance_func(fixture->instance, name, &func);
    size_t i;

    if (status != WASMOTE_OK) {
        return status;
    }
    for (i = 0; i < arg_count; i++) {
        values[i] = i32_value(args[i]);
    }
    status = wasmote_func_call(fixture->instance, func, values, arg_count, &got, result != NULL, &fixture->error);
    if (status == WASMOTE_OK && result != NULL) {
        *result = got.of.i32;
    }
    return status;
}
