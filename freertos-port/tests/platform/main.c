/* Tests of wasmote's platform functions on FreeRTOS, through wasmote/platform.h alone. */
#include <stdbool.h>
#include <string.h>

#include "FreeRTOS.h"
#include "semphr.h"
#include "task.h"

#include "board.h"
#include "wasmote/freertos.h"
#include "wasmote/platform.h"

static int passed, failed;
static const char *current;

#define CHECK(condition)                                                          \
    do {                                                                          \
        if (!(condition)) {                                                       \
            board_printf("%s: line %d: %s\n", current, __LINE__, #condition);     \
            return false;                                                         \
        }                                                                         \
    } while (0)

static uint32_t next_random(void)
{
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* ---- memory ---- */

struct block {
    uint8_t *bytes;
    size_t size, align;
    uint8_t mark;
};

static bool holds_mark(const struct block *block, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (block->bytes[i] != block->mark) {
            return false;
        }
    }
    return true;
}

/* How much can be had in blocks of 1 KiB: what is lost or split shows in it. */
static int kibibytes_left(void)
{
    uint8_t *first = NULL;
    int count = 0;
    for (uint8_t *block; (block = wasmote_platform_alloc(1024, 8)) != NULL; count++) {
        memcpy(block, &first, sizeof first);
        first = block;
    }
    while (first != NULL) {
        uint8_t *next;
        memcpy(&next, first, sizeof next);
        wasmote_platform_free(first, 1024, 8);
        first = next;
    }
    return count;
}

static bool memory_survives_random_use(void)
{
    static struct block blocks[40];
    const int before = kibibytes_left();
    CHECK(before > 8);
    for (int step = 0; step < 20000; step++) {
        struct block *block = &blocks[next_random() % 40];
        const size_t size = 1 + next_random() % (next_random() % 16 == 0 ? 3000 : 200);
        if (block->bytes == NULL) {
            block->align = (size_t)1 << next_random() % 5;
            block->bytes = wasmote_platform_alloc(size, block->align);
            if (block->bytes == NULL) {
                continue;
            }
            block->size = size;
        } else {
            CHECK(holds_mark(block, block->size));
            if (next_random() % 2 == 0) {
                wasmote_platform_free(block->bytes, block->size, block->align);
                block->bytes = NULL;
                continue;
            }
            uint8_t *moved = wasmote_platform_realloc(block->bytes, block->size, size, block->align);
            if (moved == NULL) {
                CHECK(size > block->size);
                CHECK(holds_mark(block, block->size));
                continue;
            }
            block->bytes = moved;
            CHECK(holds_mark(block, size < block->size ? size : block->size));
            block->size = size;
        }
        CHECK((uintptr_t)block->bytes % block->align == 0);
        block->mark = (uint8_t)next_random();
        memset(block->bytes, block->mark, block->size);
    }
    for (int i = 0; i < 40; i++) {
        if (blocks[i].bytes != NULL) {
            wasmote_platform_free(blocks[i].bytes, blocks[i].size, blocks[i].align);
            blocks[i].bytes = NULL;
        }
    }
    CHECK(kibibytes_left() == before);
    return true;
}

static bool memory_ends_with_null(void)
{
    CHECK(wasmote_platform_alloc(SIZE_MAX, 1) == NULL);
    CHECK(wasmote_platform_alloc(SIZE_MAX - 7, 16) == NULL);
    CHECK(wasmote_platform_alloc((size_t)1 << 30, 8) == NULL);
    uint8_t *block = wasmote_platform_alloc(100, 16);
    CHECK(block != NULL);
    memset(block, 0x5A, 100);
    CHECK(wasmote_platform_realloc(block, 100, (size_t)1 << 30, 16) == NULL);
    CHECK(wasmote_platform_realloc(block, 100, SIZE_MAX - 4, 16) == NULL);
    CHECK(block[0] == 0x5A && block[99] == 0x5A);
    wasmote_platform_free(block, 100, 16);
    return true;
}

/* ---- mutexes ---- */

static wasmote_platform_mutex_t early_mutex;

static struct {
    wasmote_platform_mutex_t mutex;
    volatile int inside;
    volatile int rounds;
    volatile bool broken;
} shared;

static void contend(void *argument)
{
    (void)argument;
    for (int i = 0; i < 50; i++) {
        wasmote_platform_mutex_lock(&shared.mutex);
        if (shared.inside++ != 0) {
            shared.broken = true;
        }
        if (i % 8 == 0) {
            wasmote_platform_sleep_ms(1); /* others run, and must wait */
        }
        shared.rounds++;
        shared.inside--;
        wasmote_platform_mutex_unlock(&shared.mutex);
    }
}

static bool mutex_excludes(void)
{
    CHECK(wasmote_platform_mutex_init(&shared.mutex));
    shared.rounds = 0;
    void *threads[4];
    for (int i = 0; i < 4; i++) {
        threads[i] = wasmote_platform_thread_start("contend", contend, NULL, 2048, 1 + i % 3);
        CHECK(threads[i] != NULL);
    }
    for (int i = 0; i < 4; i++) {
        CHECK(wasmote_platform_thread_join(threads[i], 10000));
    }
    CHECK(!shared.broken);
    CHECK(shared.rounds == 200);
    wasmote_platform_mutex_deinit(&shared.mutex);
    return true;
}

static bool mutex_made_before_the_scheduler_works(void)
{
    wasmote_platform_mutex_lock(&early_mutex);
    wasmote_platform_mutex_unlock(&early_mutex);
    wasmote_platform_mutex_lock(&early_mutex);
    wasmote_platform_mutex_unlock(&early_mutex);
    wasmote_platform_mutex_deinit(&early_mutex);
    return true;
}

/* ---- threads ---- */

static volatile int count;

static void increment(void *argument)
{
    count += (int)(intptr_t)argument;
}

static void sleep_for(void *argument)
{
    wasmote_platform_sleep_ms((uint32_t)(uintptr_t)argument);
    count++;
}

/* As many as would exhaust the memory if one of them kept its own; of higher, same and lower priority than ours. */
static bool threads_return_their_memory(void)
{
    const int before = kibibytes_left();
    count = 0;
    for (int i = 0; i < 3000; i++) {
        void *thread = wasmote_platform_thread_start("increment", increment, (void *)1, 4096, 2 + i % 3);
        CHECK(thread != NULL);
        CHECK(wasmote_platform_thread_join(thread, UINT32_MAX));
    }
    CHECK(count == 3000);
    CHECK(kibibytes_left() == before);
    return true;
}

static bool join_times_out(void)
{
    count = 0;
    void *thread = wasmote_platform_thread_start(NULL, sleep_for, (void *)100, 2048, 4);
    CHECK(thread != NULL);
    const uint64_t start = wasmote_platform_uptime_us();
    CHECK(!wasmote_platform_thread_join(thread, 0));
    CHECK(!wasmote_platform_thread_join(thread, 20));
    const uint64_t waited = wasmote_platform_uptime_us() - start;
    CHECK(waited >= 19000 && waited <= 22000);
    CHECK(count == 0);
    CHECK(wasmote_platform_thread_join(thread, 1000));
    CHECK(count == 1);
    return true;
}

static bool join_of_an_ended_thread_is_immediate(void)
{
    count = 0;
    void *thread = wasmote_platform_thread_start("short", increment, (void *)7, 0, 5);
    CHECK(thread != NULL);
    CHECK(count == 7); /* more urgent than this task */
    CHECK(wasmote_platform_thread_join(thread, 0));
    return true;
}

static bool impossible_threads_are_refused(void)
{
    const int before = kibibytes_left();
    CHECK(wasmote_platform_thread_start("x", increment, NULL, 2048, -1) == NULL);
    CHECK(wasmote_platform_thread_start("x", increment, NULL, 2048, configMAX_PRIORITIES) == NULL);
    CHECK(wasmote_platform_thread_start("x", increment, NULL, SIZE_MAX, 3) == NULL);
    CHECK(wasmote_platform_thread_start("x", increment, NULL, (size_t)1 << 30, 3) == NULL);
    CHECK(kibibytes_left() == before);
    return true;
}

/* ---- time ---- */

static void set_flag(void *flag)
{
    *(volatile bool *)flag = true;
}

/* Begun in the middle of a tick, where counting whole ticks would end half a tick early. */
static bool sleep_lasts_at_least(void)
{
    volatile uint32_t turns = 0;
    wasmote_platform_sleep_ms(1);
    for (TickType_t now = xTaskGetTickCount(); xTaskGetTickCount() == now;) {
        turns++;
    }
    for (uint32_t milliseconds = 1; milliseconds < 6; milliseconds++) {
        wasmote_platform_sleep_ms(1);
        for (volatile uint32_t half = turns / 2; half > 0; half--) {
        }
        static volatile bool time_is_over;
        time_is_over = false;
        board_timer_isr_after_us(milliseconds * 1000 - 10, set_flag, (void *)&time_is_over);
        wasmote_platform_sleep_ms(milliseconds);
        CHECK(time_is_over);
    }
    return true;
}

static bool sleep_does_not_last_much_longer(void)
{
    for (uint32_t milliseconds = 1; milliseconds < 20; milliseconds += 3) {
        const uint64_t start = wasmote_platform_uptime_us();
        wasmote_platform_sleep_ms(milliseconds);
        const uint64_t passed_us = wasmote_platform_uptime_us() - start;
        CHECK(passed_us >= milliseconds * 1000u && passed_us <= (milliseconds + 3) * 1000u);
    }
    wasmote_platform_sleep_ms(0);
    return true;
}

/* The board's tick count starts one second before 32 bits of it overflow. */
static bool uptime_outlives_the_tick_counter(void)
{
    uint64_t last = wasmote_platform_uptime_us();
    CHECK(last >= (uint64_t)UINT32_MAX * 1000 - 1000000);
    while (last < ((uint64_t)UINT32_MAX + 1) * 1000) {
        wasmote_platform_sleep_ms(50);
        const uint64_t now = wasmote_platform_uptime_us();
        CHECK(now >= last + 50000 && now < last + 60000);
        last = now;
    }
    return true;
}

/* ---- the interrupt of the board ---- */

static SemaphoreHandle_t from_isr;

static void give_from_isr(void *argument)
{
    BaseType_t woken = pdFALSE;
    count = (int)(intptr_t)argument;
    xSemaphoreGiveFromISR(from_isr, &woken);
    portYIELD_FROM_ISR(woken);
}

static bool board_interrupts(void)
{
#if configSUPPORT_STATIC_ALLOCATION
    static StaticSemaphore_t storage;
    from_isr = xSemaphoreCreateBinaryStatic(&storage);
#else
    from_isr = xSemaphoreCreateBinary();
#endif
    for (int i = 1; i <= 3; i++) {
        board_timer_isr_after_us(5000, give_from_isr, (void *)(intptr_t)i);
        CHECK(xSemaphoreTake(from_isr, pdMS_TO_TICKS(2)) == pdFALSE);
        CHECK(xSemaphoreTake(from_isr, pdMS_TO_TICKS(10)) == pdTRUE);
        CHECK(count == i);
    }
    vSemaphoreDelete(from_isr);
    return true;
}

/* ---- log; panic ends the run, so it is the last ---- */

static char log_text[100];
static size_t log_length;
static uint32_t log_level;

void wasmote_freertos_log_line(uint32_t level, const char *text, size_t length)
{
    log_level = level;
    log_length = length < sizeof log_text ? length : sizeof log_text;
    memcpy(log_text, text, log_length);
}

static bool logged(uint32_t level, const char *text)
{
    return log_level == level && log_length == strlen(text) && memcmp(log_text, text, log_length) == 0;
}

static bool log_reaches_the_application(void)
{
    wasmote_platform_log(3, "a line, then more", 6);
    CHECK(logged(3, "a line"));
    return true;
}

/* Called by the board when configASSERT fails, which is how the platform's panic stops. */
static void after_panic(const char *file, int line)
{
    (void)file;
    (void)line;
    current = "panic_is_logged_and_stops";
    if (logged(1, "wasmote panic at some/file.rs:1204")) {
        passed++;
        board_printf("PASS - %s\n", current);
    } else {
        failed++;
        board_printf("%s: logged '%.*s'\n", current, (int)log_length, log_text);
    }
    board_printf("%d passed, %d failed\n", passed, failed);
    board_exit(failed != 0);
}

#define TEST(name) {#name, name}
static const struct {
    const char *name;
    bool (*run)(void);
} tests[] = {
    TEST(uptime_outlives_the_tick_counter), /* first: it ends in the second after the start */
    TEST(memory_survives_random_use),
    TEST(memory_ends_with_null),
    TEST(mutex_excludes),
    TEST(mutex_made_before_the_scheduler_works),
    TEST(threads_return_their_memory),
    TEST(join_times_out),
    TEST(join_of_an_ended_thread_is_immediate),
    TEST(impossible_threads_are_refused),
    TEST(sleep_lasts_at_least),
    TEST(sleep_does_not_last_much_longer),
    TEST(board_interrupts),
    TEST(log_reaches_the_application),
};

static void run_tests(void *argument)
{
    (void)argument;
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        current = tests[i].name;
        if (tests[i].run()) {
            passed++;
            board_printf("PASS - %s\n", current);
        } else {
            failed++;
        }
    }
    board_on_assert(after_panic);
    wasmote_platform_panic("some/file.rs", 12, 1204);
}

static void idle_once(void *argument)
{
    (void)argument;
    vTaskSuspend(NULL);
}

/* FreeRTOS asserts if a task is made while "the current one" holds a mutex, before the scheduler starts. */
static bool start_under_a_mutex(void)
{
    current = "start_under_a_mutex";
    CHECK(wasmote_platform_mutex_init(&early_mutex));
    CHECK(wasmote_platform_thread_start("idle", idle_once, NULL, 0, 2) != NULL);
    wasmote_platform_mutex_lock(&early_mutex);
    CHECK(wasmote_platform_thread_start("tests", run_tests, NULL, 16384, 3) != NULL);
    wasmote_platform_mutex_unlock(&early_mutex);
    return true;
}

int main(void)
{
    if (start_under_a_mutex()) {
        vTaskStartScheduler();
    }
    return 1;
}
