/* A device whose signal processing is a WebAssembly module: it reads the samples of a sensor and emits filtered values,
 * through functions of the firmware's. A new release of the module is loaded while the device runs, beside the old one,
 * and has to prove itself: if it does not finish its first batch in time, it is interrupted and deleted, and the old one,
 * which has kept its state, goes on.
 */
#include "app.h"

#include <stdbool.h>
#include <stddef.h>

#include "wasmote/platform.h"
#include "wasmote/wasmote.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define DEADLINE_MS 200 /* for a batch */
#define BATCHES     6
#define BAD_UPDATE  3   /* the batch that the bad release gets */

/* ---- releases of the filter: modules in flash ---- */

struct emitted {
    int16_t value, flags;
};
enum { ALARM_BEGINS = 1, ALARM_ENDS = 2 };

struct release {
    const char *name;
    const unsigned char *bytes;
    const size_t *size;
    const struct emitted *expected; /* what it must make of the sensor's samples */
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

/* The first is replaced by the last; what comes between is the one that should never have left the house. */
enum { FIRST, BAD, LAST, RELEASES };
#define RELEASE(name, symbol, ...) {name, symbol, &symbol##_size, __VA_ARGS__}
static const struct release in_rust[RELEASES] = {
    RELEASE("release 1, in Rust", sensor_filter, expected_1, COUNT(expected_1)),
    RELEASE("release 3, in Rust", sensor_filter_stuck, NULL, 0),
    RELEASE("release 2, in Rust", sensor_filter_v2, expected_2, COUNT(expected_2)),
};
static const struct release in_c[RELEASES] = {
    RELEASE("release 1, in C", sensor_filter_c, expected_1, COUNT(expected_1)),
    RELEASE("release 3, in C", sensor_filter_c_stuck, NULL, 0),
    RELEASE("release 2, in C", sensor_filter_c_v2, expected_2, COUNT(expected_2)),
};

/* A release that is loaded. */
struct filter {
    const struct release *release;
    wasmote_module_t *module;
    wasmote_instance_t *instance;
    wasmote_func_t process;
    size_t position; /* in the samples */
    size_t emitted, wrong;
};

/* ---- the sensor: what a module imports ---- */

static const int16_t samples[] = { /* -1 ends a batch */
#include "sensor_samples.inc"
};

static wasmote_status_t sensor_read(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)user_data;
    struct filter *filter = wasmote_caller_data(caller);
    if (filter->position >= COUNT(samples)) {
        return WASMOTE_ERR_HOST; /* it reads on after the last batch */
    }
    if (filter->position == 0 || samples[filter->position - 1] < 0) {
        wasmote_platform_sleep_ms(5); /* the sensor fills a batch; other threads run */
    }
    cells[0] = (uint32_t)(int32_t)samples[filter->position++];
    return WASMOTE_OK;
}

static wasmote_status_t sensor_emit(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)user_data;
    struct filter *filter = wasmote_caller_data(caller);
    const int32_t value = (int32_t)cells[0], flags = (int32_t)cells[1];
    const size_t place = filter->emitted++;
    if (place >= filter->release->expected_count || value != filter->release->expected[place].value ||
        flags != filter->release->expected[place].flags) {
        app_printf("  value %d, flags %d: wrong\n", (int)value, (int)flags);
        filter->wrong++;
    }
    if (flags & (ALARM_BEGINS | ALARM_ENDS)) {
        app_printf("  %d: alarm %s\n", (int)value, flags & ALARM_BEGINS ? "begins" : "ends");
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

static const wasmote_host_func_t sensor_functions[] = {
    {.module = "sensor", .name = "read", .signature = "()i", .function = sensor_read},
    {.module = "sensor", .name = "emit", .signature = "(ii)", .function = sensor_emit},
    {.module = "sensor", .name = "log", .signature = "(ii)", .function = sensor_log},
};

/* ---- loading, running, unloading ---- */

static bool failed(const char *what, wasmote_status_t status, const wasmote_error_t *error)
{
    if (status != WASMOTE_OK) {
        app_printf("%s: %s %s\n", what, wasmote_status_str(status), error != NULL ? error->message : "");
    }
    return status != WASMOTE_OK;
}

static void unload(struct filter *filter)
{
    if (filter->instance != NULL) {
        failed("deleting the instance", wasmote_instance_delete(filter->instance), NULL);
    }
    if (filter->module != NULL) {
        failed("deleting the module", wasmote_module_delete(filter->module), NULL);
    }
    *filter = (struct filter){.release = NULL};
}

static bool load(struct filter *filter, wasmote_runtime_t *runtime, const struct release *release)
{
    const wasmote_imports_t imports = {
        .functions = sensor_functions,
        .function_count = COUNT(sensor_functions),
        .data = filter,
    };
    wasmote_quotas_t quotas = wasmote_quotas_default();
    quotas.stack_bytes = 1024;
    quotas.trim_memory = true; /* a few KiB instead of the whole page that the module asks for */
    wasmote_error_t error = {.status = WASMOTE_OK};
    wasmote_stats_t stats;
    *filter = (struct filter){.release = release};
    if (failed("loading", wasmote_module_load(runtime, release->bytes, *release->size, &filter->module, &error), &error) ||
        failed("starting", wasmote_instance_new(filter->module, &imports, &quotas, &filter->instance, &error), &error) ||
        failed("process", wasmote_instance_func(filter->instance, "process", &filter->process), NULL)) {
        unload(filter);
        return false;
    }
    wasmote_runtime_stats(runtime, &stats);
    app_printf("%s: %u bytes of WebAssembly, %u bytes of RAM in all\n", release->name, (unsigned)*release->size,
               (unsigned)stats.heap_used);
    return true;
}

static void print_backtrace(const struct filter *filter)
{
    wasmote_frame_t frames[4];
    const size_t count = wasmote_instance_backtrace(filter->instance, frames, COUNT(frames));
    for (size_t i = 0; i < count; i++) {
        app_printf("    in function %u, %.*s, at byte %u of the module\n", (unsigned)frames[i].func_index,
                   (int)frames[i].name_length, frames[i].name, (unsigned)frames[i].offset);
    }
}

/* One batch, in a thread of its own. If it takes too long it is interrupted. */
static wasmote_status_t process(struct filter *filter, int32_t batch, const wasmote_thread_config_t *config)
{
    const wasmote_value_t argument = {.type = WASMOTE_I32, .of.i32 = batch};
    wasmote_value_t emitted;
    wasmote_thread_t *thread;
    wasmote_status_t status = wasmote_thread_start(filter->instance, filter->process, &argument, 1, config, &thread);
    if (status == WASMOTE_OK) {
        status = wasmote_thread_join(thread, DEADLINE_MS, &emitted, 1, NULL);
        if (status == WASMOTE_ERR_TIMEOUT) {
            app_printf("  no answer for %d ms, interrupting it\n", DEADLINE_MS);
            wasmote_instance_interrupt(filter->instance);
            status = wasmote_thread_join(thread, UINT32_MAX, &emitted, 1, NULL);
        }
    }
    if (status != WASMOTE_OK) {
        app_printf("  ended with: %s\n", wasmote_status_str(status));
        print_backtrace(filter);
    }
    return status;
}

static bool is_right(const struct filter *filter)
{
    const bool right = filter->emitted == filter->release->expected_count && filter->wrong == 0;
    app_printf("%s: %u values emitted, %s\n", filter->release->name, (unsigned)filter->emitted,
               right ? "all right" : "which is wrong");
    return right;
}

/* The bad release gets a batch; it must be stopped, and nothing must be left of it. */
static bool survive_bad_update(wasmote_runtime_t *runtime, const struct release *release,
                               const wasmote_thread_config_t *config)
{
    struct filter filter;
    if (!load(&filter, runtime, release)) {
        return false;
    }
    const wasmote_status_t status = process(&filter, BAD_UPDATE, config);
    unload(&filter);
    app_printf("back to the old release\n");
    return status == WASMOTE_TRAP_INTERRUPTED;
}

static bool run_releases(wasmote_runtime_t *runtime, const struct release *releases,
                         const wasmote_thread_config_t *config)
{
    struct filter old, new = {.release = NULL};
    bool good = load(&old, runtime, &releases[FIRST]);
    for (int32_t batch = 0; good && batch < BATCHES; batch++) {
        if (batch == BAD_UPDATE) {
            good = survive_bad_update(runtime, &releases[BAD], config);
        }
        good = good && process(&old, batch, config) == WASMOTE_OK;
    }
    good = good && is_right(&old) && load(&new, runtime, &releases[LAST]);
    for (int32_t batch = 0; good && batch < BATCHES; batch++) {
        good = process(&new, batch, config) == WASMOTE_OK;
        unload(&old); /* the new one has proved itself */
    }
    good = good && is_right(&new);
    unload(&old);
    unload(&new);
    return good;
}

int app_run(int32_t guest_priority)
{
    const wasmote_thread_config_t config = {.name = "filter", .stack_bytes = 4096, .priority = guest_priority};
    wasmote_runtime_t *runtime;
    if (failed("runtime", wasmote_runtime_new(NULL, &runtime), NULL)) {
        return 1;
    }
    bool good = run_releases(runtime, in_rust, &config) && run_releases(runtime, in_c, &config);
    good = !failed("deleting the runtime", wasmote_runtime_delete(runtime), NULL) && good;
    app_printf("sensor_filter: %s\n", good ? "done" : "FAILED");
    return good ? 0 : 1;
}
