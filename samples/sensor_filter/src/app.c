/* A device whose signal processing is a WebAssembly module: it reads samples of a sensor and emits filtered values,
 * through functions of the firmware's. The module can be replaced while the device runs, and a bad release of it does
 * not take the device down.
 */
#include "app.h"

#include <stdbool.h>
#include <stddef.h>

#include "wasmote/wasmote.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A batch takes some milliseconds. */
#define DEADLINE_MS 200
#define BATCHES     6

/* ---- the releases: modules in flash ---- */

struct emitted {
    int32_t value, flags;
};
enum { ALARM_BEGINS = 1, ALARM_ENDS = 2 };

struct release {
    const char *name;
    const unsigned char *bytes;
    const size_t *size;
    /* What it must make of the sensor's samples; NULL: it is the one that gets stuck. */
    const struct emitted *expected;
    size_t expected_count;
};

static const struct emitted expected_1[] = {
#include "sensor_filter_v1.inc"
};
static const struct emitted expected_2[] = {
#include "sensor_filter_v2.inc"
};

#define MODULE(symbol)                     \
    extern const unsigned char symbol[];   \
    extern const size_t symbol##_size
MODULE(sensor_filter);
MODULE(sensor_filter_stuck);
MODULE(sensor_filter_v2);
MODULE(sensor_filter_c);
MODULE(sensor_filter_c_stuck);
MODULE(sensor_filter_c_v2);

#define RELEASE(name, symbol, ...) {name, symbol, &symbol##_size, __VA_ARGS__}
static const struct release releases[] = {
    RELEASE("1, in Rust", sensor_filter, expected_1, COUNT(expected_1)),
    RELEASE("3, in Rust", sensor_filter_stuck, NULL, 0),
    RELEASE("2, in Rust", sensor_filter_v2, expected_2, COUNT(expected_2)),
    RELEASE("1, in C", sensor_filter_c, expected_1, COUNT(expected_1)),
    RELEASE("3, in C", sensor_filter_c_stuck, NULL, 0),
    RELEASE("2, in C", sensor_filter_c_v2, expected_2, COUNT(expected_2)),
};

/* ---- the sensor: what the module imports ---- */

static const int16_t samples[] = { /* -1 ends a batch */
#include "sensor_samples.inc"
};

struct sensor {
    size_t position;
    const struct release *release;
    size_t emitted, wrong;
};

static wasmote_status_t sensor_read(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    struct sensor *sensor = user_data;
    const int32_t sample = sensor->position < COUNT(samples) ? samples[sensor->position++] : -1;
    cells[0] = (uint32_t)sample;
    return WASMOTE_OK;
}

static wasmote_status_t sensor_emit(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    struct sensor *sensor = user_data;
    const struct emitted emitted = {.value = (int32_t)cells[0], .flags = (int32_t)cells[1]};
    const size_t place = sensor->emitted++;
    if (place >= sensor->release->expected_count || emitted.value != sensor->release->expected[place].value ||
        emitted.flags != sensor->release->expected[place].flags) {
        app_printf("  value %d, flags %d: wrong\n", (int)emitted.value, (int)emitted.flags);
        sensor->wrong++;
    }
    if (emitted.flags & (ALARM_BEGINS | ALARM_ENDS)) {
        app_printf("  %d: alarm %s\n", (int)emitted.value, emitted.flags & ALARM_BEGINS ? "begins" : "ends");
    }
    return WASMOTE_OK;
}

static wasmote_status_t sensor_log(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)user_data;
    const char *text = wasmote_caller_memory(caller, cells[0], cells[1]);
    if (text == NULL) {
        return WASMOTE_TRAP_MEMORY_OUT_OF_BOUNDS;
    }
    app_printf("  %.*s\n", (int)cells[1], text);
    return WASMOTE_OK;
}

static struct sensor sensor;
static const wasmote_host_func_t sensor_functions[] = {
    {.module = "sensor", .name = "read", .signature = "()i", .function = sensor_read, .user_data = &sensor},
    {.module = "sensor", .name = "emit", .signature = "(ii)", .function = sensor_emit, .user_data = &sensor},
    {.module = "sensor", .name = "log", .signature = "(ii)", .function = sensor_log, .user_data = &sensor},
};
static const wasmote_imports_t imports = {
    .functions = sensor_functions,
    .function_count = COUNT(sensor_functions),
};

/* ---- the filter: the release that is in use ---- */

struct filter {
    wasmote_runtime_t *runtime;
    wasmote_module_t *module; /* NULL: there is none */
    wasmote_instance_t *instance;
    wasmote_func_t process;
    wasmote_thread_config_t thread;
};

static bool failed(const char *what, wasmote_status_t status, const wasmote_error_t *error)
{
    if (status != WASMOTE_OK) {
        app_printf("%s: %s %s\n", what, wasmote_status_str(status), error != NULL ? error->message : "");
    }
    return status != WASMOTE_OK;
}

static void stop(struct filter *filter)
{
    if (filter->module != NULL) {
        failed("stopping", wasmote_instance_delete(filter->instance), NULL);
        failed("unloading", wasmote_module_delete(filter->module), NULL);
        filter->module = NULL;
    }
}

/* Begins with a release, in place of the one in use. That one goes on until the new one is found to be good. */
static bool replace(struct filter *filter, const struct release *release)
{
    wasmote_error_t error = {.status = WASMOTE_OK};
    wasmote_module_t *module;
    wasmote_stats_t stats;
    if (failed("loading", wasmote_module_load(filter->runtime, release->bytes, *release->size, &module, &error), &error)) {
        return false;
    }
    stop(filter);

    wasmote_quotas_t quotas = wasmote_quotas_default();
    quotas.stack_bytes = 1024;
    quotas.trim_memory = true; /* a few KiB instead of the whole page that the module asks for */
    if (failed("starting", wasmote_instance_new(module, &imports, &quotas, &filter->instance, &error), &error)) {
        wasmote_module_delete(module);
        return false;
    }
    filter->module = module;
    sensor = (struct sensor){.release = release};
    wasmote_runtime_stats(filter->runtime, &stats);
    app_printf("release %s: %u bytes of WebAssembly, %u bytes of RAM in all\n", release->name, (unsigned)*release->size,
               (unsigned)stats.heap_used);
    return !failed("process", wasmote_instance_func(filter->instance, "process", &filter->process), NULL);
}

/* One batch, in a thread of its own. If it takes too long it is interrupted. */
static wasmote_status_t process(struct filter *filter, int32_t batch)
{
    const wasmote_value_t argument = {.type = WASMOTE_I32, .of.i32 = batch};
    wasmote_value_t count;
    wasmote_thread_t *thread;
    wasmote_status_t status =
        wasmote_thread_start(filter->instance, filter->process, &argument, 1, &filter->thread, &thread);
    if (failed("thread", status, NULL)) {
        return status;
    }
    status = wasmote_thread_join(thread, DEADLINE_MS, &count, 1, NULL);
    if (status == WASMOTE_ERR_TIMEOUT) {
        app_printf("  no answer for %d ms, interrupting it\n", DEADLINE_MS);
        wasmote_instance_interrupt(filter->instance);
        status = wasmote_thread_join(thread, UINT32_MAX, &count, 1, NULL);
    }
    return status;
}

/* Whether a release did with all batches what it must. */
static bool try(struct filter *filter, const struct release *release)
{
    if (!replace(filter, release)) {
        return false;
    }
    for (int32_t batch = 0; batch < BATCHES; batch++) {
        const wasmote_status_t status = process(filter, batch);
        if (release->expected == NULL) {
            app_printf("  ended with: %s\n", wasmote_status_str(status));
            return status == WASMOTE_TRAP_INTERRUPTED;
        }
        if (failed("processing", status, NULL)) {
            return false;
        }
    }
    return sensor.emitted == release->expected_count && sensor.wrong == 0;
}

int app_run(int32_t guest_priority)
{
    struct filter filter = {
        .thread = {.name = "filter", .stack_bytes = 4096, .priority = guest_priority},
    };
    if (failed("runtime", wasmote_runtime_new(NULL, &filter.runtime), NULL)) {
        return 1;
    }
    bool good = true;
    for (size_t i = 0; good && i < COUNT(releases); i++) {
        good = try(&filter, &releases[i]);
    }
    stop(&filter);
    good = !failed("ending", wasmote_runtime_delete(filter.runtime), NULL) && good;
    app_printf("sensor_filter: %s\n", good ? "done" : "FAILED");
    return good ? 0 : 1;
}
