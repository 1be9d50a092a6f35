/* Every allocation of a long life fails in turn: linked instances, host functions, growth, traps, threads. */
#include "capi_test.h"
#include "modules.h"

#include <string.h>

static const wasmote_thread_config_t thread_config = {"test", CAPI_TEST_STACK, 0};

struct life {
    struct fixture *f;
    wasmote_runtime_t *runtime;
    wasmote_module_t *api, *user, *big, *start;
    wasmote_instance_t *instance, *linked, *large;
    wasmote_error_t error;
};

static size_t heap_of(wasmote_runtime_t *runtime)
{
    wasmote_stats_t stats;

    return wasmote_runtime_stats(runtime, &stats) == WASMOTE_OK ? stats.heap_used : 0;
}

static wasmote_status_t call(struct life *life, wasmote_instance_t *instance, const char *name, int32_t arg)
{
    wasmote_value_t value = i32_value(arg), result;
    wasmote_func_t func;
    wasmote_status_t status = wasmote_instance_func(instance, name, &func);

    return status == WASMOTE_OK ? wasmote_func_call(instance, func, &value, 1, &result, 1, &life->error) : status;
}

/* A trap is what must come of it; what the message wants memory for may fail, and then says less. */
static wasmote_status_t call_trap(struct life *life, wasmote_instance_t *instance)
{
    wasmote_frame_t frames[4];
    wasmote_func_t func;
    wasmote_status_t status = wasmote_instance_func(instance, "trap", &func);

    if (status == WASMOTE_OK) {
        status = wasmote_func_call(instance, func, NULL, 0, NULL, 0, &life->error);
    }
    if (status != WASMOTE_TRAP_UNREACHABLE || life->error.status != status) {
        return WASMOTE_ERR_HOST;
    }
    return wasmote_instance_backtrace(instance, frames, 4) > 0 ? WASMOTE_OK : WASMOTE_ERR_HOST;
}

static wasmote_status_t call_in_thread(struct life *life)
{
    wasmote_value_t value = i32_value(20), result;
    wasmote_thread_t *thread;
    wasmote_func_t func;
    wasmote_status_t status = wasmote_instance_func(life->instance, "count", &func);

    if (status == WASMOTE_OK) {
        status = wasmote_thread_start(life->instance, func, &value, 1, &thread_config, &thread);
    }
    return status == WASMOTE_OK ? wasmote_thread_join(thread, UINT32_MAX, &result, 1, &life->error) : status;
}

#define MUST(step)                                                                                                     \
    do {                                                                                                               \
        wasmote_status_t status_ = (step);                                                                             \
        if (status_ != WASMOTE_OK) {                                                                                   \
            return status_;                                                                                            \
        }                                                                                                              \
    } while (0)

static wasmote_status_t live(struct life *life)
{
    struct fixture *f = life->f;
    wasmote_runtime_t *runtime = life->runtime;
    wasmote_error_t *error = &life->error;
    wasmote_import_instance_t line;
    wasmote_imports_t imports;
    wasmote_instance_t *started;
    wasmote_value_t null;
    wasmote_status_t status;

    f->host.action = ACT_CALL_BACK;
    MUST(wasmote_module_load(runtime, api_wasm, sizeof(api_wasm), &life->api, error));
    MUST(wasmote_instance_new(life->api, &f->imports, &f->quotas, &life->instance, error));
    MUST(call(life, life->instance, "twice", 3));
    MUST(call(life, life->instance, "act", 3));
    /* Growing may fail without an error of its own. */
    MUST(call(life, life->instance, "grow", 1));
    memset(&null, 0, sizeof(null));
    null.type = WASMOTE_FUNCREF;
    status = wasmote_table_grow(life->instance, "table", 2, &null, NULL);
    if (status != WASMOTE_OK && status != WASMOTE_ERR_OUT_OF_BOUNDS) {
        return status;
    }
    status = wasmote_memory_grow(life->instance, 1, NULL);
    if (status != WASMOTE_OK && status != WASMOTE_ERR_OUT_OF_BOUNDS) {
        return status;
    }
    MUST(call_trap(life, life->instance));

    MUST(wasmote_module_load(runtime, user_wasm, sizeof(user_wasm), &life->user, error));
    memset(&imports, 0, sizeof(imports));
    line.module = "api";
    line.instance = life->instance;
    imports.instances = &line;
    imports.instance_count = 1;
    MUST(wasmote_instance_new(life->user, &imports, NULL, &life->linked, error));
    MUST(call(life, life->linked, "add_counter", 1));
    MUST(call_trap(life, life->linked));

    MUST(wasmote_module_load(runtime, big_wasm, sizeof(big_wasm), &life->big, error));
    MUST(wasmote_instance_new(life->big, NULL, NULL, &life->large, error));
    MUST(call(life, life->large, "grow_table", 50));

    /* A start function that traps: the instance is gone again. */
    MUST(wasmote_module_load(runtime, start_trap_wasm, sizeof(start_trap_wasm), &life->start, error));
    status = wasmote_instance_new(life->start, NULL, NULL, &started, error);
    if (status != WASMOTE_TRAP_UNREACHABLE) {
        return status == WASMOTE_OK ? WASMOTE_ERR_HOST : status;
    }
    return call_in_thread(life);
}

/* False if something cannot be deleted. */
static bool end(struct life *life)
{
    return (life->large == NULL || wasmote_instance_delete(life->large) == WASMOTE_OK) &&
           (life->linked == NULL || wasmote_instance_delete(life->linked) == WASMOTE_OK) &&
           (life->instance == NULL || wasmote_instance_delete(life->instance) == WASMOTE_OK) &&
           (life->start == NULL || wasmote_module_delete(life->start) == WASMOTE_OK) &&
           (life->big == NULL || wasmote_module_delete(life->big) == WASMOTE_OK) &&
           (life->user == NULL || wasmote_module_delete(life->user) == WASMOTE_OK) &&
           (life->api == NULL || wasmote_module_delete(life->api) == WASMOTE_OK);
}

/* How it ends if the nth allocation fails; 0: none does. */
static wasmote_status_t live_without(struct fixture *f, wasmote_runtime_t *runtime, uint32_t n)
{
    struct life life;
    wasmote_status_t status;

    memset(&life, 0, sizeof(life));
    life.f = f;
    life.runtime = runtime;
    (void)wasmote_runtime_fail_allocation(runtime, n);
    status = live(&life);
    (void)wasmote_runtime_fail_allocation(runtime, 0);
    return end(&life) ? status : WASMOTE_ERR_HOST;
}

void test_all_allocations(void)
{
    struct fixture f;
    wasmote_runtime_t *runtime;
    size_t used;
    uint32_t n, failed = 0, last = 0;

    CHECK_STATUS(WASMOTE_OK, fixture_begin(&f));
    CHECK_STATUS(WASMOTE_OK, wasmote_runtime_new(NULL, &runtime));
    used = heap_of(runtime);
    CHECK_STATUS(WASMOTE_OK, live_without(&f, runtime, 0));
    CHECK(heap_of(runtime) == used);
    /* Those that only let something grow less, or explain less, may fail without an error: go on far behind the last one
     * that gave one. */
    for (n = 1; n < last + 100 || n < 100; n++) {
        wasmote_status_t status = live_without(&f, runtime, n);

        CHECK(status == WASMOTE_OK || status == WASMOTE_ERR_OUT_OF_MEMORY);
        CHECK(heap_of(runtime) == used);
        if (status != WASMOTE_OK) {
            failed++;
            last = n;
        }
        CHECK_STATUS(WASMOTE_OK, live_without(&f, runtime, 0));
        CHECK(heap_of(runtime) == used);
    }
    CHECK(failed > 80);
    CHECK_STATUS(WASMOTE_OK, wasmote_runtime_delete(runtime));
    CHECK(fixture_end(&f));
}
