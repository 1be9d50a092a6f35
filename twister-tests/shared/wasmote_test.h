/* What the test suites need besides wasmote: tests, checks, guests, and a little of an RTOS.
 *
 * The suites are plain C, and run as ztest suites on Zephyr (../zephyr) and under a small runner on FreeRTOS
 * (../freertos). test_rtos.h of either defines these, and the types used here:
 *
 *   TEST_SUITE(suite);              once per file
 *   TEST(suite, name) { ... }       a test of that suite; checks end it when they fail
 *   TEST_SKIP();                    ends a test that makes no sense here
 *   TEST_OPTION(CONFIG_WASMOTE_x)   whether a yes-or-no option is y
 *   TEST_PRIORITY, TEST_STACK_SIZE  for wasmote_thread_start: a priority less urgent than the test's
 *   TEST_TIME_PASSES_WHILE_BUSY     false where only waiting makes time pass
 *   TEST_CODE_IS_GUARDED            whether who writes to compiled code ends by a fatal error, for which there are
 *   test_expect_fatal_error(), test_fatal_error()
 */
#ifndef WASMOTE_TEST_H
#define WASMOTE_TEST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "test_rtos.h"
#include "wasmote/wasmote.h"

/* ---- checks: only in the test's own thread ---- */

#define CHECK(condition)                                                     \
    do {                                                                     \
        if (!(condition)) {                                                  \
            test_fail("%s:%d: %s\n", __FILE__, __LINE__, #condition);        \
        }                                                                    \
    } while (0)

#define CHECK_EQ(actual, expected)                                                                         \
    do {                                                                                                   \
        const long long actual_ = (long long)(actual), expected_ = (long long)(expected);                  \
        if (actual_ != expected_) {                                                                        \
            test_fail("%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual, actual_, expected_);   \
        }                                                                                                  \
    } while (0)

#define CHECK_STATUS(actual, expected)                                                                     \
    do {                                                                                                   \
        const wasmote_status_t actual_ = (actual), expected_ = (expected);                                 \
        if (actual_ != expected_) {                                                                        \
            test_fail("%s:%d: %s gives %d (%s), not %d (%s)\n", __FILE__, __LINE__, #actual, (int)actual_, \
                      wasmote_status_str(actual_), (int)expected_, wasmote_status_str(expected_));         \
        }                                                                                                  \
    } while (0)

#define CHECK_OK(actual) CHECK_STATUS(actual, WASMOTE_OK)

/* ---- the RTOS ---- */

void test_sleep_ms(uint32_t milliseconds);
static inline void test_busy_wait_us(uint32_t microseconds);

/* Counts up to 100. Given from interrupts too. */
void test_sem_init(test_sem_t *semaphore, unsigned count);
void test_sem_give(test_sem_t *semaphore);
bool test_sem_take(test_sem_t *semaphore, uint32_t timeout_ms);

/* A thread of the test's own, less urgent than the test. join gives up, and fails the test, after ten seconds. */
void test_thread_start(test_thread_t *thread, void (*entry)(void *), void *argument);
void test_thread_join(test_thread_t *thread);

/* Calls callback(argument) in an interrupt service routine, that many microseconds from now. */
void test_isr_after_us(uint32_t microseconds, void (*callback)(void *), void *argument);

/* ---- guests: rust/guests/wasm/<name>.wasm ---- */

#define GUEST(name)                             \
    extern const unsigned char name##_wasm[];   \
    extern const size_t name##_wasm_size

struct guest {
    wasmote_runtime_t *runtime;
    wasmote_module_t *module;
    wasmote_instance_t *instance;
    wasmote_error_t error; /* of the last call that failed */
};

/* A runtime with one module and one instance of it, which must succeed. imports and quotas may be NULL. */
#define guest_open(guest, name, imports, quotas) \
    guest_open_bytes(guest, name##_wasm, name##_wasm_size, imports, quotas)
void guest_open_bytes(struct guest *guest, const uint8_t *bytes, size_t size, const wasmote_imports_t *imports,
                      const wasmote_quotas_t *quotas);
/* Everything is deleted, and must let itself be. */
void guest_close(struct guest *guest);

/* guest_call(&guest, "add", &result, I32(1), I32(2)): result may be NULL if the function has none. */
#define guest_call(guest, name, result, ...)                                                \
    guest_call_values(guest, name, result, (const wasmote_value_t[]){I32(0), ##__VA_ARGS__}, \
                      sizeof((const wasmote_value_t[]){I32(0), ##__VA_ARGS__}) / sizeof(wasmote_value_t))
/* values[0] is not an argument: C has no arrays of length zero. */
wasmote_status_t guest_call_values(struct guest *guest, const char *name, wasmote_value_t *result,
                                   const wasmote_value_t *values, size_t count);

#define I32(x) {.type = WASMOTE_I32, .of = {.i32 = (x)}}
#define I64(x) {.type = WASMOTE_I64, .of = {.i64 = (x)}}
#define F32(x) {.type = WASMOTE_F32, .of = {.f32 = (x)}}
#define F64(x) {.type = WASMOTE_F64, .of = {.f64 = (x)}}

/* ---- memory ---- */

/* Bytes that a runtime of a test's own may use as its pool. */
#define TEST_POOL_SIZE (64 * 1024)
extern uint8_t test_pool[TEST_POOL_SIZE];

/* How much the platform has left, in blocks: what a test has not given back shows in it. */
size_t test_free_blocks(void);

#endif
