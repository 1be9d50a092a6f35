/* Tests of the C API: plain functions over one macro, so that they run on a device as well as on a host. */
#ifndef CAPI_TEST_H
#define CAPI_TEST_H

#include <wasmote/platform.h>
#include <wasmote/wasmote.h>

/* Bytes of stack of a thread that calls an instance. Without optimisation the interpreter takes some 200 KB. */
#ifndef CAPI_TEST_STACK
#define CAPI_TEST_STACK (1024 * 1024)
#endif

/* Ends the test, as failed, if the condition does not hold. */
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            capi_test_failed(__FILE__, __LINE__, #condition);                                                          \
            return;                                                                                                    \
        }                                                                                                              \
    } while (0)

#define CHECK_STATUS(expected, call)                                                                                   \
    do {                                                                                                               \
        wasmote_status_t status_ = (call);                                                                             \
        if (status_ != (wasmote_status_t)(expected)) {                                                                 \
            capi_test_failed(__FILE__, __LINE__, wasmote_status_str(status_));                                         \
            return;                                                                                                    \
        }                                                                                                              \
    } while (0)

/* Who runs the tests implements it. */
void capi_test_failed(const char *file, int line, const char *what);

/* What the host functions do, and saw. */
struct host {
    int action;
    int count;
    wasmote_caller_t *kept;
    wasmote_instance_t *instance;
    wasmote_status_t seen;
    wasmote_thread_t *thread;
};

enum {
    ACT_NOTHING,
    ACT_FAIL,           /* returns a status of its own */
    ACT_TRAP,           /* returns a trap */
    ACT_CALL_BACK,      /* calls "add" of its caller */
    ACT_CALL_OUTSIDE,   /* the same, by the instance's own handle, which is busy */
    ACT_CALL_TRAP,      /* calls "trap" and returns how it ended */
    ACT_RECURSE,        /* calls "act" of its caller */
    ACT_MEMORY,         /* reads and writes its caller's memory */
    ACT_LOOK,           /* globals, tables, fuel of its caller */
    ACT_CHARGE,         /* takes fuel */
    ACT_SLEEP           /* blocks for a while */
};

#define HOST_STATUS (-1234)

/* A runtime in a pool, a module and an instance of api.wat. */
struct fixture {
    wasmote_runtime_t *runtime;
    wasmote_module_t *module;
    wasmote_instance_t *instance;
    struct host host;
    wasmote_host_func_t functions[3];
    wasmote_imports_t imports;
    wasmote_quotas_t quotas;
    wasmote_error_t error;
    size_t empty; /* heap of the runtime without a module */
};

wasmote_status_t fixture_begin(struct fixture *fixture);
/* Deletes everything; false if something was not given back. */
bool fixture_end(struct fixture *fixture);
/* Calls an export by name with i32 arguments and results. */
wasmote_status_t fixture_call(struct fixture *fixture, const char *name, const int32_t *args, size_t arg_count,
                              int32_t *result);
bool contains(const char *text, const char *part);
wasmote_value_t i32_value(int32_t value);

void test_lifecycle(void);
void test_calls(void);
void test_host_functions(void);
void test_call_back(void);
void test_memory(void);
void test_globals_and_tables(void);
void test_linked_instances(void);
void test_traps(void);
void test_fuel(void);
void test_interrupt(void);
void test_introspection(void);
void test_statistics(void);
void test_cells(void);

void test_bad_modules(void);
void test_refused_features(void);
void test_truncated(void);
void test_mutated(void);
void test_imports(void);
void test_start(void);
void test_quotas(void);
void test_pools(void);
void test_failing_allocations(void);
void test_all_allocations(void);

void test_null(void);
void test_wrong_kinds(void);
void test_deleted(void);
void test_busy(void);

void test_thread(void);
void test_thread_interrupt(void);
void test_start_interrupt(void);
void test_thread_misuse(void);

#define CAPI_TESTS(X)                                                                                                  \
    X(test_lifecycle) X(test_calls) X(test_host_functions) X(test_call_back) X(test_memory)                            \
    X(test_globals_and_tables) X(test_linked_instances) X(test_traps) X(test_fuel) X(test_interrupt)                   \
    X(test_introspection) X(test_statistics) X(test_cells)                                                             \
    X(test_bad_modules) X(test_refused_features) X(test_truncated) X(test_mutated) X(test_imports) X(test_start)       \
    X(test_quotas) X(test_pools) X(test_failing_allocations) X(test_all_allocations)                                   \
    X(test_null) X(test_wrong_kinds) X(test_deleted) X(test_busy)                                                      \
    X(test_thread) X(test_thread_interrupt) X(test_start_interrupt) X(test_thread_misuse)

#endif
