/* The counterpart of rust/spec/src/play.rs on the C API. */
#include "player.h"

#include <string.h>

#include "wasmote/platform.h"
#include "wasmote/wasmote.h"

/* What a script may have of each at a time; more is a failure. */
#define MAX_SLOTS 512
#define MAX_REGISTERED 64
#define MAX_KEPT 1024
#define MAX_FEATURES 8
#define MAX_VALUES 32

/* Value stack of an instance, and of all that are linked with each other. */
#define STACK_BYTES (64u * 1024)

/* A module, or an instance of it, that a refused feature keeps from being there. No status of the C API is negative. */
#define LOST ((wasmote_status_t)-1)

enum verdict { PASSED, REFUSED, TEXT_ONLY, DEVIATION, FAILED, VERDICTS };

struct text {
    const char *start;
    size_t length;
};

struct bytes {
    const uint8_t *start;
    size_t length;
};

enum action_kind { INVOKE = 1, INVOKE_UNKNOWN = 2, GET = 3, INSTANTIATE = 4 };

struct action {
    enum action_kind kind;
    size_t slot;
    struct text name;
    struct bytes module;
    wasmote_value_t args[MAX_VALUES];
    size_t arg_count;
};

/* Of all scripts: the module that they may import from, and the heap's limit. */
static struct bytes spectest;
static uint32_t heap_limit;

/* The script that is played. */
static struct {
    wasmote_runtime_t *runtime;
    wasmote_module_t *spectest;

    const uint8_t *at, *end;
    bool broken; /* its form is wrong: nothing after this place means anything */
    struct text name;

    struct text refused[MAX_FEATURES];
    bool seen[MAX_FEATURES];
    size_t refused_count;

    struct slot {
        wasmote_instance_t *instance; /* NULL: lost */
        wasmote_module_t *module; /* NULL: a definition's */
    } instances[MAX_SLOTS];
    wasmote_module_t *definitions[MAX_SLOTS]; /* NULL: lost */

    /* The names of instances, the first of which is spectest; made when it is needed. */
    wasmote_import_instance_t registered[MAX_REGISTERED];
    size_t registered_count;
    struct text lost[MAX_REGISTERED];
    size_t lost_count;

    /* Modules whose instances are over, but not those that are linked with them. */
    wasmote_module_t *kept[MAX_KEPT];
    size_t kept_count;

    unsigned counts[VERDICTS];

    /* Why the last directive failed: a text of the player's, and one of wasmote's if there is a status. */
    const char *why;
    wasmote_error_t error;
} script;

/* The values of the last action. */
static wasmote_value_t results[MAX_VALUES];

/* ---- reading ---- */

static uint8_t read_byte(void)
{
    if (script.at == script.end) {
        script.broken = true;
        return 0;
    }
    return *script.at++;
}

static uint32_t read_number(void)
{
    uint32_t number = 0;
    for (unsigned shift = 0; shift < 32; shift += 7) {
        const uint8_t byte = read_byte();
        number |= (uint32_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return number;
}

static struct bytes read_bytes(void)
{
    struct bytes bytes = {.length = read_number()};
    bytes.start = script.at;
    if (bytes.length > (size_t)(script.end - script.at)) {
        script.broken = true;
        bytes.length = 0;
    }
    script.at += bytes.length;
    return bytes;
}

static struct text read_text(void)
{
    const struct bytes bytes = read_bytes();
    return (struct text){(const char *)bytes.start, bytes.length};
}

static size_t read_slot(void)
{
    const uint32_t slot = read_number();
    if (slot >= MAX_SLOTS) {
        player_print("%.*s: more than %d instances at a time\n", (int)script.name.length, script.name.start, MAX_SLOTS);
        script.broken = true;
        return 0;
    }
    return slot;
}

static uint64_t read_bits(wasmote_type_t type)
{
    uint64_t bits = 0;
    const unsigned size = type == WASMOTE_I64 || type == WASMOTE_F64 ? 64 : 32;
    for (unsigned shift = 0; shift < size; shift += 8) {
        bits |= (uint64_t)read_byte() << shift;
    }
    return bits;
}

static wasmote_value_t read_value(void)
{
    wasmote_value_t value = {.type = read_byte()};
    const uint64_t bits = read_bits(value.type);
    if (value.type == WASMOTE_I64 || value.type == WASMOTE_F64) {
        memcpy(&value.of, &bits, sizeof(bits));
    } else {
        const uint32_t low = (uint32_t)bits;
        memcpy(&value.of, &low, sizeof(low));
    }
    return value;
}

static void read_action(struct action *action)
{
    action->kind = (enum action_kind)read_byte();
    action->arg_count = 0;
    if (action->kind == INSTANTIATE) {
        action->module = read_bytes();
        return;
    }
    action->slot = read_slot();
    action->name = read_text();
    if (action->kind == INVOKE) {
        action->arg_count = read_number();
        if (action->arg_count > MAX_VALUES) {
            script.broken = true;
        }
        for (size_t i = 0; i < action->arg_count && !script.broken; i++) {
            action->args[i] = read_value();
        }
    }
}

static bool same_text(struct text left, const char *right, size_t length)
{
    return left.length == length && memcmp(left.start, right, length) == 0;
}

/* ---- verdicts ---- */

static enum verdict fail(const char *why)
{
    script.why = why;
    script.error.status = WASMOTE_OK;
    return FAILED;
}

/* Because of what is in script.error. */
static enum verdict fail_with(wasmote_status_t status, const char *why)
{
    script.why = why;
    script.error.status = status;
    return FAILED;
}

static enum verdict passed_or(wasmote_status_t status, const char *why)
{
    return status == WASMOTE_OK ? PASSED : status == LOST ? REFUSED : fail_with(status, why);
}

/* ---- modules and instances ---- */

/* Whether script.error refuses a feature that the script may use. */
static bool is_refusal(void)
{
    static const char start[] = "unsupported feature: ";
    const size_t length = sizeof(start) - 1;
    if (script.error.status != WASMOTE_ERR_UNSUPPORTED || memcmp(script.error.message, start, length) != 0) {
        return false;
    }
    const char *feature = script.error.message + length;
    for (size_t i = 0; i < script.refused_count; i++) {
        if (same_text(script.refused[i], feature, strlen(feature))) {
            script.seen[i] = true;
            return true;
        }
    }
    return false;
}

static wasmote_status_t load(struct bytes bytes, wasmote_module_t **module)
{
    *module = NULL;
    const wasmote_status_t status =
        wasmote_module_load(script.runtime, bytes.start, bytes.length, module, &script.error);
    return status != WASMOTE_OK && is_refusal() ? LOST : status;
}

/* Deletes a module, or later if instances that are linked with its own are still there. */
static void forget_module(wasmote_module_t *module)
{
    if (module == NULL || wasmote_module_delete(module) == WASMOTE_OK) {
        return;
    }
    if (script.kept_count == MAX_KEPT) {
        script.broken = true;
    } else {
        script.kept[script.kept_count++] = module;
    }
}

static void forget_instance(struct slot *slot)
{
    if (slot->instance != NULL && wasmote_instance_delete(slot->instance) != WASMOTE_OK) {
        script.broken = true;
    }
    forget_module(slot->module);
    *slot = (struct slot){0};
}

static wasmote_status_t print(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    (void)cells;
    (void)user_data;
    return WASMOTE_OK;
}

static const wasmote_host_func_t spectest_functions[] = {
    {.module = "spectest", .name = "print", .signature = "()", .function = print},
    {.module = "spectest", .name = "print_i32", .signature = "(i)", .function = print},
    {.module = "spectest", .name = "print_i64", .signature = "(I)", .function = print},
    {.module = "spectest", .name = "print_f32", .signature = "(f)", .function = print},
    {.module = "spectest", .name = "print_f64", .signature = "(F)", .function = print},
    {.module = "spectest", .name = "print_i32_f32", .signature = "(if)", .function = print},
    {.module = "spectest", .name = "print_f64_f64", .signature = "(FF)", .function = print},
};

static wasmote_quotas_t quotas(void)
{
    wasmote_quotas_t all = wasmote_quotas_default();
    all.stack_bytes = STACK_BYTES;
    all.heap_bytes = all.memory_bytes = all.table_elements = UINT32_MAX;
    return all;
}

/* Whether a module imports from one that is lost, or (`linked`) from other instances. */
static bool imports_of(const wasmote_module_t *module, bool *linked)
{
    wasmote_extern_t import;
    for (size_t i = 0; wasmote_module_import(module, i, &import) == WASMOTE_OK; i++) {
        for (size_t j = 0; j < script.lost_count; j++) {
            if (same_text(script.lost[j], import.module, import.module_length)) {
                return true;
            }
        }
        for (size_t j = 1; j < script.registered_count; j++) {
            const char *name = script.registered[j].module;
            *linked |= same_text((struct text){name, strlen(name)}, import.module, import.module_length);
        }
        const bool spectest = same_text((struct text){"spectest", 8}, import.module, import.module_length);
        *linked |= spectest && (import.kind != WASMOTE_FUNC || import.name_length < 5 ||
                                memcmp(import.name, "print", 5) != 0);
    }
    return false;
}

/* Instances that nothing links live each by themselves, so that their memory is given back when they are over. The
 * others are all linked with spectest. */
static wasmote_status_t instantiate(wasmote_module_t *module, bool linked, wasmote_instance_t **instance)
{
    *instance = NULL;
    if (imports_of(module, &linked)) {
        return LOST;
    }
    const wasmote_quotas_t all = quotas();
    wasmote_imports_t imports = {
        .functions = spectest_functions,
        .function_count = sizeof(spectest_functions) / sizeof(spectest_functions[0]),
    };
    if (linked) {
        if (script.registered[0].instance == NULL) {
            const wasmote_status_t status =
                wasmote_instance_new(script.spectest, NULL, &all, &script.registered[0].instance, &script.error);
            if (status != WASMOTE_OK) {
                return status;
            }
        }
        imports.instances = script.registered;
        imports.instance_count = script.registered_count;
    }
    return wasmote_instance_new(module, &imports, &all, instance, &script.error);
}

/* A module that must be valid is instantiated, and all of it deleted again. */
static wasmote_status_t instantiate_once(struct bytes bytes)
{
    struct slot slot = {0};
    wasmote_status_t status = load(bytes, &slot.module);
    if (status == WASMOTE_OK) {
        status = instantiate(slot.module, false, &slot.instance);
    }
    forget_instance(&slot);
    return status;
}

/* ---- actions ---- */

static size_t count_results(const char *signature)
{
    const char *end = strstr(signature, ")");
    return end == NULL ? MAX_VALUES + 1 : strlen(end + 1);
}

/* `wanted` results; SIZE_MAX for as many as there are. */
static wasmote_status_t invoke(const struct action *action, wasmote_instance_t *instance, size_t wanted)
{
    wasmote_func_t func;
    wasmote_status_t status = wasmote_instance_func_n(instance, action->name.start, action->name.length, &func);
    if (status == WASMOTE_OK && wanted == SIZE_MAX) {
        char signature[128];
        status = wasmote_func_signature(instance, func, signature, sizeof(signature));
        wanted = count_results(signature);
    }
    if (status != WASMOTE_OK || wanted > MAX_VALUES) {
        script.error.message[0] = '\0';
        return status != WASMOTE_OK ? status : WASMOTE_ERR_LIMIT;
    }
    return wasmote_func_call(instance, func, action->args, action->arg_count, results, wanted, &script.error);
}

static wasmote_status_t get(const struct action *action, wasmote_instance_t *instance)
{
    char name[64];
    script.error.message[0] = '\0';
    if (action->name.length >= sizeof(name)) {
        return WASMOTE_ERR_LIMIT;
    }
    memcpy(name, action->name.start, action->name.length);
    name[action->name.length] = '\0';
    return wasmote_global_get(instance, name, results);
}

static wasmote_status_t execute(const struct action *action, size_t wanted)
{
    if (action->kind == INSTANTIATE) {
        return instantiate_once(action->module);
    }
    wasmote_instance_t *instance = script.instances[action->slot].instance;
    if (instance == NULL) {
        return LOST;
    }
    switch (action->kind) {
    case INVOKE:
        return invoke(action, instance, wanted);
    case GET:
        return get(action, instance);
    default:
        script.error.message[0] = '\0';
        return WASMOTE_ERR_TYPE_MISMATCH;
    }
}

/* ---- values ---- */

static uint64_t bits_of(const wasmote_value_t *value)
{
    uint64_t bits;
    uint32_t low;
    if (value->type == WASMOTE_I64 || value->type == WASMOTE_F64) {
        memcpy(&bits, &value->of, sizeof(bits));
        return bits;
    }
    memcpy(&low, &value->of, sizeof(low));
    return low;
}

static bool has_bits(const wasmote_value_t *value, wasmote_type_t type, uint64_t mask, uint64_t bits)
{
    return value->type == type && (bits_of(value) & mask) == bits;
}

/* Reads what is expected, and compares. */
static bool read_matches(const wasmote_value_t *value)
{
    /* The quiet bit and the exponent; a canonical NaN has no other, whatever its sign. */
    const uint64_t nan32 = 0x7FC00000u, nan64 = UINT64_C(0x7FF8000000000000);
    const uint8_t code = read_byte();
    switch (code) {
    case 0:
        return false;
    case 1:
        return has_bits(value, WASMOTE_F32, 0x7FFFFFFFu, nan32);
    case 2:
        return has_bits(value, WASMOTE_F32, nan32, nan32);
    case 3:
        return has_bits(value, WASMOTE_F64, INT64_MAX, nan64);
    case 4:
        return has_bits(value, WASMOTE_F64, nan64, nan64);
    case 5:
        return (value->type == WASMOTE_FUNCREF || value->type == WASMOTE_EXTERNREF) && value->of.ref == 0;
    case 6:
        return value->type == WASMOTE_FUNCREF && value->of.ref != 0;
    case 7:
        return value->type == WASMOTE_EXTERNREF && value->of.ref != 0;
    case 8: {
        bool any = false;
        for (uint32_t count = read_number(); count > 0 && !script.broken; count--) {
            any |= read_matches(value);
        }
        return any;
    }
    default:
        return has_bits(value, code, UINT64_MAX, read_bits(code));
    }
}

/* ---- directives ---- */

static enum verdict play_instance(size_t slot, bool linked, wasmote_module_t *module, bool own)
{
    struct slot *made = &script.instances[slot];
    *made = (struct slot){.module = own ? module : NULL};
    if (module == NULL) {
        return REFUSED;
    }
    return passed_or(instantiate(module, linked, &made->instance), "no instance");
}

static enum verdict play_module(void)
{
    wasmote_module_t *module;
    const size_t slot = read_slot();
    const bool linked = read_number() != 0;
    const struct bytes bytes = read_bytes();
    script.instances[slot] = (struct slot){0};
    const wasmote_status_t status = load(bytes, &module);
    return status == WASMOTE_OK ? play_instance(slot, linked, module, true) : passed_or(status, "does not load");
}

static enum verdict play_register(void)
{
    wasmote_instance_t *instance = script.instances[read_slot()].instance;
    const struct text name = read_text();
    if (instance == NULL) {
        if (script.lost_count == MAX_REGISTERED) {
            return fail("too many names");
        }
        script.lost[script.lost_count++] = name;
        return REFUSED;
    }
    for (size_t i = 0; i < script.lost_count; i++) {
        if (same_text(script.lost[i], name.start, name.length)) {
            script.lost[i] = (struct text){"", SIZE_MAX};
        }
    }
    char *text = wasmote_platform_alloc(name.length + 1, 1); /* until the script is over */
    if (script.registered_count == MAX_REGISTERED || text == NULL) {
        return fail("too many names");
    }
    memcpy(text, name.start, name.length);
    text[name.length] = '\0';
    script.registered[script.registered_count++] =
        (wasmote_import_instance_t){.module = text, .instance = instance};
    return PASSED;
}

static enum verdict play_returns(void)
{
    static struct action action;
    read_action(&action);
    const size_t wanted = read_number();
    if (wanted > MAX_VALUES) {
        script.broken = true;
        return FAILED;
    }
    const wasmote_status_t status = execute(&action, wanted);
    bool right = true;
    for (size_t i = 0; i < wanted && !script.broken; i++) {
        right &= read_matches(&results[i]);
    }
    if (status != WASMOTE_OK) {
        return passed_or(status, "ends with an error");
    }
    if (action.kind == GET && wanted != 1) {
        return fail("gives one value");
    }
    return right ? PASSED : fail("gives another value");
}

static enum verdict play_traps(void)
{
    static struct action action;
    read_action(&action);
    const uint32_t set = read_number();
    const wasmote_status_t status = execute(&action, SIZE_MAX);
    if (status == WASMOTE_OK || status == LOST) {
        return status == LOST ? REFUSED : fail("does not trap");
    }
    const bool fits = status >= WASMOTE_TRAP_UNREACHABLE && status <= WASMOTE_TRAP_HOST &&
                      (set >> (status - WASMOTE_TRAP_UNREACHABLE) & 1) != 0;
    return fits ? PASSED : fail_with(status, "ends with another error");
}

static enum verdict play_refused(wasmote_status_t wanted)
{
    wasmote_module_t *module;
    const wasmote_status_t status = load(read_bytes(), &module);
    forget_module(module);
    if (status == WASMOTE_OK) {
        return fail("is accepted");
    }
    return status == wanted ? PASSED : status == LOST ? REFUSED : fail_with(status, "is refused for another reason");
}

static enum verdict play_unlinkable(wasmote_status_t wanted)
{
    const wasmote_status_t status = instantiate_once(read_bytes());
    if (status == WASMOTE_OK) {
        return fail("links");
    }
    return status == wanted ? PASSED : status == LOST ? REFUSED : fail_with(status, "fails for another reason");
}

static enum verdict play_directive(uint8_t kind)
{
    static struct action action;
    wasmote_module_t *module;
    wasmote_status_t status;
    size_t slot;
    switch (kind) {
    case 1:
        return play_module();
    case 2:
        slot = read_slot();
        status = load(read_bytes(), &script.definitions[slot]);
        return passed_or(status, "does not load");
    case 3: {
        slot = read_slot();
        const bool linked = read_number() != 0;
        return play_instance(slot, linked, script.definitions[read_slot()], false);
    }
    case 4:
        return play_register();
    case 5:
        read_action(&action);
        return passed_or(execute(&action, SIZE_MAX), "fails");
    case 6:
        return play_returns();
    case 7:
        return play_traps();
    case 8:
        return play_refused(WASMOTE_ERR_MALFORMED);
    case 9:
        return play_refused(WASMOTE_ERR_INVALID);
    case 10:
        return play_unlinkable(WASMOTE_ERR_UNKNOWN_IMPORT);
    case 11:
        return play_unlinkable(WASMOTE_ERR_INCOMPATIBLE_IMPORT);
    case 12:
        status = load(read_bytes(), &module);
        forget_module(module);
        return passed_or(status, "does not load");
    case 13:
        return TEXT_ONLY;
    case 14:
        read_action(&action);
        return execute(&action, SIZE_MAX) == LOST ? REFUSED : fail("wasmote has neither exceptions nor suspensions");
    case 15:
        for (size_t i = 0; i < script.refused_count; i++) {
            if (same_text(script.refused[i], "threads", 7)) {
                return REFUSED;
            }
        }
        return fail("wasmote has no threads");
    case 16:
        read_text();
        return fail("it cannot be played: the host says why");
    default:
        script.broken = true;
        return FAILED;
    }
}

static void tell(uint32_t line)
{
    player_print("%.*s:%u: %s", (int)script.name.length, script.name.start, (unsigned)line, script.why);
    if (script.error.status != WASMOTE_OK) {
        player_print(": %s (%s)", wasmote_status_str(script.error.status), script.error.message);
    }
    player_print("\n");
}

/* Reads and plays up to and with the next directive. */
static void play_next(void)
{
    uint8_t kind = read_byte();
    for (; kind == 17 || kind == 18; kind = read_byte()) {
        const size_t slot = read_slot();
        if (kind == 17) {
            forget_instance(&script.instances[slot]);
        } else {
            forget_module(script.definitions[slot]);
            script.definitions[slot] = NULL;
        }
    }
    const bool known = (kind & 0x80) != 0;
    const uint32_t line = read_number();
    enum verdict verdict = play_directive(kind & 0x7F);
    if (known) {
        verdict = verdict == FAILED ? DEVIATION : fail("passes, but is listed as a deviation");
    }
    script.counts[verdict]++;
    if (verdict == FAILED) {
        tell(line);
    }
}

/* ---- scripts ---- */

/* Makes what every script finds there. `*heap` is what that holds. */
static bool prepare(size_t *heap)
{
    wasmote_stats_t stats;
    const wasmote_runtime_config_t config = {.heap_limit = heap_limit};
    if (wasmote_runtime_new(&config, &script.runtime) != WASMOTE_OK ||
        wasmote_module_load(script.runtime, spectest.start, spectest.length, &script.spectest, NULL) != WASMOTE_OK ||
        wasmote_runtime_stats(script.runtime, &stats) != WASMOTE_OK) {
        return false;
    }
    script.registered[0].module = "spectest";
    script.registered_count = 1;
    *heap = stats.heap_used;
    return true;
}

/* Deletes all that the script has made. True if nothing is left of it. */
static bool clear(size_t heap, size_t *peak)
{
    for (size_t i = 0; i < MAX_SLOTS; i++) {
        forget_instance(&script.instances[i]);
        forget_module(script.definitions[i]);
    }
    bool clean = !script.broken;
    if (script.registered[0].instance != NULL) {
        clean &= wasmote_instance_delete(script.registered[0].instance) == WASMOTE_OK;
    }
    for (size_t i = 1; i < script.registered_count; i++) {
        const char *name = script.registered[i].module;
        wasmote_platform_free((void *)(uintptr_t)name, strlen(name) + 1, 1);
    }
    for (size_t i = 0; i < script.kept_count; i++) {
        clean &= wasmote_module_delete(script.kept[i]) == WASMOTE_OK;
    }
    wasmote_stats_t stats = {0};
    clean &= wasmote_runtime_stats(script.runtime, &stats) == WASMOTE_OK && stats.heap_used == heap;
    *peak = stats.heap_peak;
    clean &= wasmote_module_delete(script.spectest) == WASMOTE_OK;
    return clean & (wasmote_runtime_delete(script.runtime) == WASMOTE_OK);
}

/* True if the script went as it should. */
static bool play_script(const uint8_t *body, size_t size, uint32_t *directives)
{
    memset(&script, 0, sizeof(script));
    script.at = body;
    script.end = body + size;
    script.name = read_text();
    const int length = (int)script.name.length;
    const char *name = script.name.start;
    size_t heap, peak;
    if (!prepare(&heap)) {
        player_print("%.*s: no spectest\n", length, name);
        return false;
    }

    const uint32_t count = read_number();
    script.refused_count = read_number();
    if (script.refused_count > MAX_FEATURES) {
        script.broken = true;
        script.refused_count = 0;
    }
    for (size_t i = 0; i < script.refused_count; i++) {
        script.refused[i] = read_text();
    }
    unsigned wanted[VERDICTS] = {0};
    for (size_t i = PASSED; i <= DEVIATION; i++) {
        wanted[i] = read_number();
    }
    uint32_t played = 0;
    for (; played < count && !script.broken; played++) {
        play_next();
    }
    *directives += played;

    bool right = !script.broken && played == count && script.counts[FAILED] == 0;
    if (script.broken) {
        player_print("%.*s: cannot be read after directive %u\n", length, name, (unsigned)played);
    }
    for (size_t i = 0; i < script.refused_count; i++) {
        if (!script.seen[i]) {
            player_print("%.*s: no module was refused for %.*s, but that is listed\n", length, name,
                         (int)script.refused[i].length, script.refused[i].start);
            right = false;
        }
    }
    if (memcmp(wanted, script.counts, sizeof(wanted)) != 0) {
        player_print("%.*s: the host counts %u %u %u %u\n", length, name, wanted[PASSED], wanted[REFUSED],
                     wanted[TEXT_ONLY], wanted[DEVIATION]);
        right = false;
    }
    if (!clear(heap, &peak)) {
        player_print("%.*s: something is left on the heap\n", length, name);
        right = false;
    }
    player_print("%s %.*s: %u passed, %u refused, %u text only, %u deviations; heap %u KB\n", right ? "ok" : "FAILED",
                 length, name, script.counts[PASSED], script.counts[REFUSED], script.counts[TEXT_ONLY],
                 script.counts[DEVIATION], (unsigned)(peak / 1024));
    return right;
}

/* ---- the suite ---- */

static bool read_u32(uint32_t *number)
{
    uint8_t bytes[4];
    if (player_read(bytes, sizeof(bytes)) != sizeof(bytes)) {
        return false;
    }
    *number = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    return true;
}

/* Bytes that stay until the end. */
static uint8_t *read_block(size_t size)
{
    uint8_t *block = wasmote_platform_alloc(size, 4);
    return block != NULL && player_read(block, size) == size ? block : NULL;
}

/* Everything between the suite's beginning and its end. NULL, or why it cannot be played. */
static const char *play_suite(unsigned totals[VERDICTS], uint32_t *failed)
{
    static const char magic[15] = "wasmote spec 1\n";
    char start[sizeof(magic)];
    uint32_t largest, size, files, directives, files_played = 0, played = 0;
    if (player_read(start, sizeof(start)) != sizeof(start) || memcmp(start, magic, sizeof(start)) != 0) {
        return "there is no suite";
    }
    if (!read_u32(&heap_limit) || !read_u32(&largest) || !read_u32(&size)) {
        return "the suite ends early";
    }
    spectest = (struct bytes){read_block(size), size};
    uint8_t *body = wasmote_platform_alloc(largest, 4);
    if (spectest.start == NULL || body == NULL) {
        return "there is not enough memory for the largest script";
    }
    for (;;) {
        if (!read_u32(&size) || size > largest || player_read(body, size) != size) {
            return "the suite ends early";
        }
        if (size == 0) {
            break;
        }
        *failed += !play_script(body, size, &played);
        files_played++;
        for (size_t i = 0; i < VERDICTS; i++) {
            totals[i] += script.counts[i];
        }
    }
    if (!read_u32(&files) || !read_u32(&directives) || files != files_played || directives != played || files == 0) {
        return "not everything was played";
    }
    return NULL;
}

bool player_run(void)
{
    unsigned totals[VERDICTS] = {0};
    uint32_t failed = 0;
    const char *error = play_suite(totals, &failed);
    if (error != NULL) {
        player_print("FAILED: %s\n", error);
    }
    player_print("spec: %u passed, %u refused, %u text only, %u deviations, %u failed; %u files failed\n",
                 totals[PASSED], totals[REFUSED], totals[TEXT_ONLY], totals[DEVIATION], totals[FAILED],
                 (unsigned)failed);
    return error == NULL && failed == 0;
}
