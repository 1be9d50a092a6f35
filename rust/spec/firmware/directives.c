/* Plays directives on the C API. The counterpart of rust/spec/src/play.rs. */
#include "script.h"

#include <string.h>

#include "wasmote/platform.h"

/* The values of the last action. */
static wasmote_value_t results[MAX_VALUES];

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
void forget_module(wasmote_module_t *module)
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

void forget_instance(struct slot *slot)
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
    const bool fits = status >= WASMOTE_TRAP_UNREACHABLE && status <= WASMOTE_TRAP_NOT_COMPILED &&
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
void play_next(void)
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
