/* What a sequence works on, how it reads its input, and what must hold of every call. For sequence.c alone. */
#ifndef STATE_H
#define STATE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wasmote/wasmote.h>

#include "../c/modules.h"

#define POOL_SIZE (192 * 1024)
#define MODULES 4
#define INSTANCES 6
/* More than an input of 4,096 bytes can ask for. */
#define MAKES 1100
#define MAX_VALUES 16
#define FUEL 2000

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

struct module {
    wasmote_module_t *handle;
    uint8_t *bytes; /* what it was loaded from, if that must stay */
    bool entangled; /* an instance of it was linked with others, or should have been */
};

/* What is known of an instance, and its data: as long as others may call its functions, even if itself is deleted or could
 * not be made. */
struct instance {
    wasmote_instance_t *handle;
    size_t module;
};

static struct {
    const uint8_t *at;
    size_t left;
    wasmote_runtime_t *runtime;
    struct module modules[MODULES];
    struct instance *instances[INSTANCES];
    struct instance made[INSTANCES + MAKES];
    size_t count; /* of those made */
    wasmote_func_t func; /* the last one found */
    int depth;           /* of host functions */
    union {
        uint8_t bytes[POOL_SIZE];
        uint64_t aligned;
    } pool;
} s;

static uint8_t next(void)
{
    if (s.left == 0) {
        return 0;
    }
    s.left--;
    return *s.at++;
}

static uint32_t number(void)
{
    uint8_t kind = next();
    uint32_t low = next();

    switch (kind % 4) {
    case 0:
        return low % 8;
    case 1:
        return low << (kind / 8);
    case 2:
        return UINT32_MAX - low;
    default:
        return low | (uint32_t)next() << 8 | (uint32_t)next() << 16;
    }
}

/* What functions of the API may return. */
static bool is_status(wasmote_status_t status)
{
    return (status >= WASMOTE_OK && status <= WASMOTE_ERR_HOST) ||
           (status >= WASMOTE_TRAP_UNREACHABLE && status <= WASMOTE_TRAP_NOT_COMPILED);
}

static const uint8_t UNTOUCHED = 0xA5;

static void mark(void *out, size_t size)
{
    memset(out, UNTOUCHED, size);
}

static bool untouched(const void *out, size_t size)
{
    const uint8_t *bytes = out;

    while (size > 0 && *bytes == UNTOUCHED) {
        bytes++;
        size--;
    }
    return size == 0;
}

static void check_error(wasmote_status_t status, const wasmote_error_t *error)
{
    MUST(is_status(status));
    if (status == WASMOTE_OK) {
        MUST(untouched(error, sizeof(*error)));
    } else {
        MUST(error->status == status);
        MUST(memchr(error->message, 0, sizeof(error->message)) != NULL && error->message[0] != 0);
        MUST(status == WASMOTE_TRAP_HOST || error->host_status == 0);
        MUST(status == WASMOTE_ERR_UNSUPPORTED || error->feature == WASMOTE_FEATURE_NONE);
    }
}

/* Everything that takes an instance refuses this one. */
static void refused(wasmote_instance_t *instance, wasmote_status_t expected)
{
    wasmote_value_t value;
    wasmote_func_t func = s.func;
    uint32_t size;
    char text[8];

    memset(&value, 0, sizeof(value));
    MUST(wasmote_instance_func(instance, "act", &func) == expected);
    MUST(wasmote_func_from_ref(instance, number(), &func) == expected);
    MUST(wasmote_func_call(instance, func, NULL, 0, NULL, 0, NULL) == expected);
    MUST(wasmote_func_signature(instance, func, text, sizeof(text)) == expected);
    MUST(wasmote_memory_read(instance, 0, text, 1) == expected);
    MUST(wasmote_memory_write(instance, 0, text, 1) == expected);
    MUST(wasmote_memory_size(instance) == 0);
    MUST(wasmote_memory_grow(instance, 0, &size) == expected);
    MUST(wasmote_global_get(instance, "counter", &value) == expected);
    MUST(wasmote_table_size(instance, "table", &size) == expected);
    MUST(wasmote_instance_set_fuel(instance, 1) == expected);
    MUST(wasmote_instance_fuel(instance) == 0);
    MUST(wasmote_instance_delete(instance) == expected);
}

static void module_refused(wasmote_module_t *module)
{
    wasmote_instance_t *out;
    wasmote_extern_t found;
    wasmote_stats_t stats;

    mark(&out, sizeof(out));
    MUST(wasmote_instance_new(module, NULL, NULL, &out, NULL) == WASMOTE_ERR_INVALID_ARGUMENT);
    MUST(wasmote_module_import_count(module) == 0 && wasmote_module_export_count(module) == 0);
    MUST(wasmote_module_export(module, 0, &found) == WASMOTE_ERR_INVALID_ARGUMENT);
    MUST(wasmote_module_stats(module, &stats) == WASMOTE_ERR_INVALID_ARGUMENT);
    MUST(wasmote_module_delete(module) == WASMOTE_ERR_INVALID_ARGUMENT);
}

static void runtime_refused(wasmote_runtime_t *runtime)
{
    wasmote_module_t *out;
    wasmote_stats_t stats;

    mark(&out, sizeof(out));
    MUST(wasmote_module_load(runtime, api_wasm, sizeof(api_wasm), &out, NULL) == WASMOTE_ERR_INVALID_ARGUMENT);
    MUST(wasmote_runtime_stats(runtime, &stats) == WASMOTE_ERR_INVALID_ARGUMENT);
    MUST(wasmote_runtime_delete(runtime) == WASMOTE_ERR_INVALID_ARGUMENT);
    MUST(untouched(&out, sizeof(out)));
}

#endif
