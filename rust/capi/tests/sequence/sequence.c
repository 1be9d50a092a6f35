/* A sequence of calls of the C API that the input chooses, misuse included. Whatever it is: statuses are those that
 * wasmote.h promises, `out` parameters are written on success only, handles that are none are noticed, and in the end
 * everything is given back. Aborts if not. */
#include "sequence.h"

#include "state.h"

static wasmote_value_t value_of(char type)
{
    wasmote_value_t value;

    memset(&value, 0, sizeof(value));
    value.of.i64 = (int64_t)((uint64_t)number() << 32 | number());
    switch (type) {
    case 'i':
        value.type = WASMOTE_I32;
        break;
    case 'I':
        value.type = WASMOTE_I64;
        break;
    case 'f':
        value.type = WASMOTE_F32;
        break;
    case 'F':
        value.type = WASMOTE_F64;
        break;
    case 'r':
        value.type = WASMOTE_FUNCREF;
        break;
    default:
        value.type = WASMOTE_EXTERNREF;
        break;
    }
    return value;
}

/* Calls a function with arguments of its type, or nearly. */
static wasmote_status_t call(wasmote_instance_t *instance, wasmote_func_t func)
{
    wasmote_value_t args[MAX_VALUES], results[MAX_VALUES];
    wasmote_error_t error;
    wasmote_status_t status;
    wasmote_frame_t frames[20];
    char signature[2 * MAX_VALUES + 4];
    size_t arg_count = 0, result_count = 0, depth;
    const char *letter = signature + 1;

    status = wasmote_func_signature(instance, func, signature, sizeof(signature));
    if (status != WASMOTE_OK) {
        MUST(is_status(status));
        return status;
    }
    MUST(signature[0] == '(' && memchr(signature, 0, sizeof(signature)) != NULL);
    while (*letter != ')' && *letter != 0 && arg_count < MAX_VALUES) {
        args[arg_count++] = value_of(*letter++);
    }
    if (*letter != ')') {
        return WASMOTE_OK; /* it has more than fit here */
    }
    for (letter++; *letter != 0 && result_count < MAX_VALUES; letter++) {
        result_count++;
    }
    switch (next() % 16) {
    case 0:
        arg_count = next() % MAX_VALUES;
        memset(args, next(), sizeof(args));
        break;
    case 1:
        result_count = next() % MAX_VALUES;
        break;
    default:
        break;
    }
    mark(&error, sizeof(error));
    mark(results, sizeof(results));
    status = wasmote_func_call(instance, func, args, arg_count, results, result_count, &error);
    check_error(status, &error);
    MUST(status == WASMOTE_OK || untouched(results, sizeof(results)));
    depth = wasmote_instance_backtrace(instance, frames, 20);
    MUST(depth <= 16);
    return status;
}

static size_t text_of(const wasmote_extern_t *item, char *name, size_t size)
{
    size_t length = item->name_length < size - 1 ? item->name_length : size - 1;

    memcpy(name, item->name, length);
    name[length] = 0;
    return length;
}

/* One of the names that its module exports, or another one. */
static const char *name_in(const struct instance *instance)
{
    static const char *const names[] = {"act",   "memory", "table", "counter", "ratio", "constant", "spin",
                                        "count", "trap",   "",      "recurse", "ref",   "echo",     "grow"};
    static char name[64];
    wasmote_module_t *module = s.modules[instance->module].handle;
    size_t count = wasmote_module_export_count(module);
    wasmote_extern_t item;
    uint8_t choice = next();

    if (choice % 2 == 0 || count == 0) {
        return names[choice / 2 % (sizeof(names) / sizeof(names[0]))];
    }
    MUST(wasmote_module_export(module, choice / 2 % count, &item) == WASMOTE_OK);
    text_of(&item, name, sizeof(name));
    return name;
}

/* What is done with an instance; in a host function, with the caller's. */
static void use(const struct instance *instance)
{
    wasmote_instance_t *handle = instance->handle;
    const char *name = name_in(instance);
    wasmote_value_t value, again;
    wasmote_status_t status;
    wasmote_stats_t stats;
    wasmote_func_t func;
    uint8_t bytes[32], copy[32];
    uint32_t address, before;
    uint64_t fuel;
    size_t size;

    switch (next() % 14) {
    case 0:
    case 1:
    case 2:
        mark(&func, sizeof(func));
        if (next() % 2 == 0) {
            status = wasmote_instance_func(handle, name, &func);
        } else {
            status = wasmote_instance_func_n(handle, name, strlen(name), &func);
        }
        if (status == WASMOTE_OK) {
            s.func = func;
            call(handle, func);
        } else {
            /* A name cut in the middle of a character is no string. */
            MUST(status == WASMOTE_ERR_NOT_FOUND || status == WASMOTE_ERR_INVALID_ARGUMENT);
            MUST(untouched(&func, sizeof(func)));
        }
        break;
    case 3:
        /* A function of any instance that was. */
        call(handle, s.func);
        break;
    case 4:
        address = number();
        size = next() % sizeof(bytes);
        memset(bytes, next(), sizeof(bytes));
        mark(copy, sizeof(copy));
        status = wasmote_memory_write(handle, address, bytes, size);
        MUST(wasmote_memory_read(handle, address, copy, size) == status);
        if (status == WASMOTE_OK) {
            MUST(memcmp(bytes, copy, size) == 0 && wasmote_memory_size(handle) >= address + size);
        } else {
            MUST(status == WASMOTE_ERR_OUT_OF_BOUNDS || status == WASMOTE_ERR_NOT_FOUND);
            MUST(untouched(copy, sizeof(copy)));
        }
        break;
    case 5:
        size = wasmote_memory_size(handle);
        status = wasmote_memory_grow(handle, number(), &before);
        MUST(status == WASMOTE_OK || status == WASMOTE_ERR_OUT_OF_BOUNDS || status == WASMOTE_ERR_NOT_FOUND);
        MUST(status == WASMOTE_OK ? wasmote_memory_size(handle) >= size : wasmote_memory_size(handle) == size);
        break;
    case 6:
        mark(&value, sizeof(value));
        status = wasmote_global_get(handle, name, &value);
        if (status != WASMOTE_OK) {
            MUST(untouched(&value, sizeof(value)));
            value = value_of('i');
        }
        if (next() % 2 != 0) {
            value.of.i64 = number();
        }
        if (next() % 8 == 0) {
            value.type = number();
        }
        status = wasmote_global_set(handle, name, &value);
        MUST(is_status(status));
        if (status == WASMOTE_OK) {
            MUST(wasmote_global_get(handle, name, &again) == WASMOTE_OK && again.type == value.type);
        }
        break;
    case 7:
        address = number();
        mark(&value, sizeof(value));
        status = wasmote_table_get(handle, name, address, &value);
        if (status == WASMOTE_OK) {
            MUST(wasmote_table_size(handle, name, &before) == WASMOTE_OK && address < before);
            MUST(wasmote_table_set(handle, name, address, &value) == WASMOTE_OK);
            if (value.type == WASMOTE_FUNCREF && value.of.ref != 0) {
                MUST(wasmote_func_from_ref(handle, value.of.ref, &s.func) == WASMOTE_OK);
            }
        } else {
            MUST(untouched(&value, sizeof(value)));
        }
        break;
    case 8:
        value = value_of(next() % 2 != 0 ? 'r' : 'e');
        status = wasmote_table_set(handle, name, number(), &value);
        MUST(is_status(status));
        value = value_of(next() % 2 != 0 ? 'r' : 'e');
        value.of.ref = next() % 2 != 0 ? 0 : value.of.ref;
        status = wasmote_table_grow(handle, name, number() % 64, &value, &before);
        MUST(is_status(status));
        break;
    case 9:
        fuel = number() % FUEL;
        MUST(wasmote_instance_set_fuel(handle, fuel) == WASMOTE_OK);
        MUST(wasmote_instance_fuel(handle) == fuel);
        break;
    case 10:
        wasmote_instance_interrupt(handle);
        if (next() % 4 != 0) {
            wasmote_instance_clear_interrupt(handle);
        }
        break;
    case 11:
        status = wasmote_instance_stats(handle, &stats);
        MUST(status == (s.depth == 0 ? WASMOTE_OK : WASMOTE_ERR_BUSY));
        MUST(status != WASMOTE_OK || (stats.heap_used <= stats.heap_peak && stats.heap_peak <= POOL_SIZE));
        break;
    case 12:
        mark(&func, sizeof(func));
        status = wasmote_func_from_ref(handle, number(), &func);
        MUST(status == WASMOTE_OK || (status == WASMOTE_ERR_NOT_FOUND && untouched(&func, sizeof(func))));
        if (status == WASMOTE_OK) {
            s.func = func;
        }
        break;
    default:
        MUST(wasmote_instance_func(handle, NULL, &func) == WASMOTE_ERR_INVALID_ARGUMENT);
        MUST(wasmote_func_call(handle, s.func, NULL, 1, NULL, 0, NULL) == WASMOTE_ERR_INVALID_ARGUMENT);
        MUST(wasmote_memory_read(handle, 0, NULL, 1) == WASMOTE_ERR_INVALID_ARGUMENT);
        break;
    }
}

/* All host functions: they do what the input says, with whoever calls. */
static wasmote_status_t host(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    struct instance calling = *(const struct instance *)wasmote_caller_data(caller);
    wasmote_instance_t *outside = calling.handle;
    uint32_t address = number();
    size_t size = next();
    uint8_t *bytes;

    MUST(user_data == &s);
    calling.handle = wasmote_caller_instance(caller);
    MUST(calling.handle != NULL);
    s.depth++;
    cells[0] = number();
    bytes = wasmote_caller_memory(caller, address, size);
    if (bytes != NULL && size > 0) {
        bytes[0]++;
        bytes[size - 1]++;
    }
    switch (next() % 8) {
    case 0:
        /* While it runs its own handle is busy; in its start function there is none yet. */
        if (outside != NULL) {
            refused(outside, WASMOTE_ERR_BUSY);
        }
        break;
    case 1:
        MUST(wasmote_instance_delete(calling.handle) == WASMOTE_ERR_BUSY);
        MUST(wasmote_module_delete(s.modules[calling.module].handle) == WASMOTE_ERR_BUSY);
        MUST(wasmote_runtime_delete(s.runtime) == WASMOTE_ERR_BUSY);
        break;
    case 2:
        refused((wasmote_instance_t *)(void *)s.runtime, WASMOTE_ERR_INVALID_ARGUMENT);
        MUST(wasmote_caller_instance((wasmote_caller_t *)(void *)s.runtime) == NULL);
        break;
    case 3:
        if (wasmote_caller_charge(caller, number()) == WASMOTE_TRAP_OUT_OF_FUEL) {
            s.depth--;
            return WASMOTE_TRAP_OUT_OF_FUEL;
        }
        break;
    case 4:
        s.depth--;
        return (wasmote_status_t)number();
    default:
        if (s.depth < 4) {
            use(&calling);
        }
        break;
    }
    s.depth--;
    return WASMOTE_OK;
}

static const struct {
    const uint8_t *bytes;
    size_t size;
} KNOWN[] = {
    {api_wasm, sizeof(api_wasm)},
    {user_wasm, sizeof(user_wasm)},
    {start_host_wasm, sizeof(start_host_wasm)},
    {start_trap_wasm, sizeof(start_trap_wasm)},
    {big_wasm, sizeof(big_wasm)},
};

static void load(struct module *module)
{
    wasmote_module_t *out;
    wasmote_error_t error;
    wasmote_status_t status;
    size_t known = next() % 5;
    const uint8_t *bytes = KNOWN[known].bytes;
    size_t size = KNOWN[known].size, changes;
    uint8_t *changed = NULL;
    uint8_t how = next();
    void *first;

    if (module->handle != NULL) {
        return;
    }
    if (how % 4 == 1 && s.left > 0) {
        /* The input itself. */
        bytes = s.at;
        size = s.left < 200 ? s.left : 200;
        s.at += size;
        s.left -= size;
    } else if (how % 4 == 2) {
        changed = malloc(size);
        memcpy(changed, bytes, size);
        for (changes = 1 + next() % 3; changes > 0; changes--) {
            changed[8 + (number() & 0xFFFF) % (size - 8)] = next();
        }
        bytes = changed;
    }
    mark(&out, sizeof(out));
    mark(&error, sizeof(error));
    first = out;
    if (how % 4 == 3) {
        changed = malloc(size);
        memcpy(changed, bytes, size);
        status = wasmote_module_load(s.runtime, changed, size, &out, &error);
    } else {
        status = wasmote_module_load_copy(s.runtime, bytes, size, &out, &error);
    }
    check_error(status, &error);
    if (status == WASMOTE_OK) {
        module->handle = out;
        module->entangled = false;
    } else {
        MUST(out == first);
    }
    if (status == WASMOTE_OK && how % 4 == 3) {
        module->bytes = changed;
    } else {
        free(changed);
    }
}

static void make(struct instance **place)
{
    wasmote_host_func_t functions[4] = {
        {"env", "twice", "(i)i", host, &s},
        {"env", "mix", "(iIfF)F", host, &s},
        {"env", "act", "(i)i", host, &s},
        {"host", "call", "()", host, &s},
    };
    struct instance *other = s.instances[next() % INSTANCES], *instance;
    wasmote_import_instance_t linked = {"api", other->handle};
    wasmote_imports_t imports;
    wasmote_quotas_t quotas = wasmote_quotas_default();
    wasmote_error_t error;
    wasmote_status_t status;
    uint8_t how = next();
    bool link = how % 2 != 0 && other->handle != NULL;

    if ((*place)->handle != NULL || s.count == sizeof(s.made) / sizeof(s.made[0])) {
        return;
    }
    instance = *place = &s.made[s.count++];
    instance->handle = NULL;
    instance->module = next() % MODULES;
    memset(&imports, 0, sizeof(imports));
    imports.functions = functions;
    imports.function_count = (how & 0x0E) == 0x02 ? next() % 5u : 4;
    if ((how & 0x0E) == 0x04) {
        static const char *const signatures[] = {"(i)i", "", "(", "(x)", "(i", "()", "(i)iiiii", "(I)i"};

        functions[next() % 4].signature = signatures[next() % 8];
    }
    imports.instances = link ? &linked : NULL;
    imports.instance_count = link ? 1 : 0;
    imports.data = instance;
    quotas.fuel = FUEL;
    quotas.memory_bytes = (how & 0x10) != 0 ? number() : 131072;
    quotas.stack_bytes = (how & 0x20) != 0 ? number() % 8192 : 4096;
    quotas.heap_bytes = (how & 0x40) != 0 ? number() % 16384 : UINT32_MAX;
    quotas.table_elements = (how & 0x80) != 0 ? number() : 100;
    quotas.trim_memory = (how & 0x0E) == 0x06;
    mark(&error, sizeof(error));
    if (link) {
        s.modules[instance->module].entangled = true;
        s.modules[other->module].entangled = true;
    }
    status = wasmote_instance_new(s.modules[instance->module].handle, &imports, &quotas, &instance->handle, &error);
    check_error(status, &error);
    MUST((status == WASMOTE_OK) == (instance->handle != NULL));
}

static void delete_instance(struct instance *instance)
{
    wasmote_instance_t *handle = instance->handle;

    if (handle != NULL) {
        MUST(wasmote_instance_delete(handle) == WASMOTE_OK);
        instance->handle = NULL;
        /* Its memory is the pool's, and nobody has used it again yet. */
        refused(handle, WASMOTE_ERR_INVALID_ARGUMENT);
    }
}

static bool has_instances(const struct module *module)
{
    size_t i;

    for (i = 0; i < INSTANCES; i++) {
        if (s.instances[i]->handle != NULL && &s.modules[s.instances[i]->module] == module) {
            return true;
        }
    }
    return false;
}

static void delete_module(struct module *module)
{
    wasmote_module_t *handle = module->handle;
    wasmote_status_t status;

    if (handle == NULL) {
        return;
    }
    status = wasmote_module_delete(handle);
    if (has_instances(module)) {
        MUST(status == WASMOTE_ERR_BUSY);
    } else {
        MUST(status == WASMOTE_OK || (module->entangled && status == WASMOTE_ERR_BUSY));
    }
    if (status == WASMOTE_OK) {
        module->handle = NULL;
        free(module->bytes);
        module->bytes = NULL;
        module_refused(handle);
    }
}

static void look_at(const struct module *module)
{
    wasmote_extern_t item;
    wasmote_stats_t stats;
    size_t count = wasmote_module_import_count(module->handle), i;

    for (i = 0; i < count; i++) {
        MUST(wasmote_module_import(module->handle, i, &item) == WASMOTE_OK && item.kind <= WASMOTE_GLOBAL);
        MUST(memchr(item.signature, 0, sizeof(item.signature)) != NULL);
    }
    mark(&item, sizeof(item));
    MUST(wasmote_module_import(module->handle, count, &item) ==
         (module->handle == NULL ? WASMOTE_ERR_INVALID_ARGUMENT : WASMOTE_ERR_NOT_FOUND));
    MUST(untouched(&item, sizeof(item)));
    MUST(module->handle == NULL || wasmote_module_stats(module->handle, &stats) == WASMOTE_OK);
}

/* A handle of another kind, null, or one that is not aligned, where one is wanted. */
static void misuse(void)
{
    void *handles[4];
    size_t kind = next() % 4;
    char *handle;

    handles[0] = s.runtime;
    handles[1] = s.modules[next() % MODULES].handle;
    handles[2] = s.instances[next() % INSTANCES]->handle;
    handles[3] = NULL;
    handle = handles[kind];
    if (handle != NULL && next() % 4 == 0) {
        handle += 1 + next() % 3;
        kind = 3;
    }
    if (kind != 0 || handle == NULL) {
        runtime_refused((wasmote_runtime_t *)(void *)handle);
    }
    if (kind != 1 || handle == NULL) {
        module_refused((wasmote_module_t *)(void *)handle);
    }
    if (kind != 2 || handle == NULL) {
        refused((wasmote_instance_t *)(void *)handle, WASMOTE_ERR_INVALID_ARGUMENT);
    }
}

void sequence(const uint8_t *data, size_t size)
{
    wasmote_runtime_config_t config;
    wasmote_stats_t stats;
    size_t empty, i;
    uint8_t op;

    memset(&s.func, 0, sizeof(s.func));
    s.at = data;
    s.left = size;
    for (s.count = 0; s.count < INSTANCES; s.count++) {
        s.made[s.count].handle = NULL;
        s.made[s.count].module = 0;
        s.instances[s.count] = &s.made[s.count];
    }
    memset(&config, 0, sizeof(config));
    config.pool = s.pool.bytes;
    config.pool_size = POOL_SIZE;
    MUST(wasmote_runtime_new(&config, &s.runtime) == WASMOTE_OK);
    MUST(wasmote_runtime_stats(s.runtime, &stats) == WASMOTE_OK);
    empty = stats.heap_used;
    while (s.left > 0) {
        op = next();
        switch (op % 16) {
        case 0:
        case 1:
            load(&s.modules[op / 16 % MODULES]);
            break;
        case 2:
        case 3:
            make(&s.instances[op / 16 % INSTANCES]);
            break;
        case 4:
            delete_instance(s.instances[op / 16 % INSTANCES]);
            break;
        case 5:
            delete_module(&s.modules[op / 16 % MODULES]);
            break;
        case 6:
            look_at(&s.modules[op / 16 % MODULES]);
            break;
        case 7:
            misuse();
            break;
        case 8:
            MUST(wasmote_runtime_fail_allocation(s.runtime, next() % 32) == WASMOTE_OK);
            break;
        default:
            if (s.instances[op / 16 % INSTANCES]->handle != NULL) {
                use(s.instances[op / 16 % INSTANCES]);
            }
            break;
        }
    }
    MUST(wasmote_runtime_fail_allocation(s.runtime, 0) == WASMOTE_OK);
    for (i = 0; i < INSTANCES; i++) {
        delete_instance(s.instances[i]);
    }
    for (i = 0; i < MODULES; i++) {
        delete_module(&s.modules[i]);
        MUST(s.modules[i].handle == NULL);
    }
    MUST(wasmote_runtime_stats(s.runtime, &stats) == WASMOTE_OK && stats.heap_used == empty);
    MUST(wasmote_runtime_delete(s.runtime) == WASMOTE_OK);
}
