/* A script: its form, and what the player knows while it plays one. */
#ifndef WASMOTE_SPEC_SCRIPT_H
#define WASMOTE_SPEC_SCRIPT_H
#include "player.h"

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
extern struct bytes spectest;
extern uint32_t heap_limit;

/* The script that is played. */
extern struct script {
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

/* ---- script.c: reading; what is beyond the end reads as 0 and breaks the script ---- */

uint8_t read_byte(void);
uint32_t read_number(void);
struct bytes read_bytes(void);
struct text read_text(void);
size_t read_slot(void);
uint64_t read_bits(wasmote_type_t type);
wasmote_value_t read_value(void);
void read_action(struct action *action);

bool same_text(struct text left, const char *right, size_t length);

/* ---- directives.c ---- */

/* Reads and plays up to and with the next directive. */
void play_next(void);

/* Delete it, or keep it until the script is over if others are linked with it. NULL is allowed. */
void forget_module(wasmote_module_t *module);
void forget_instance(struct slot *slot);

#endif
