/* Tests of wasmote's platform functions on Zephyr, through wasmote/platform.h alone. */
#include "wasmote_test.h"

#include <zephyr/fatal.h>

#include "wasmote/platform.h"

TEST_SUITE(platform);

#define PRIORITY TEST_PRIORITY /* in Zephyr's numbers */

/* ---- memory ---- */

static uint32_t next_random(void)
{
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

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

TEST(platform, memory_survives_random_use)
{
    static struct block blocks[40];
    const size_t before = test_free_blocks();
    for (int step = 0; step < 5000; step++) {
        struct block *block = &blocks[next_random() % 40];
        const size_t size = 1 + next_random() % (next_random() % 16 == 0 ? 3000 : 200);
        if (block->bytes == NULL) {
            block->align = (size_t)1 << next_random() % 5;
            block->bytes = wasmote_platform_alloc(size, block->align);
            CHECK(block->bytes != NULL);
            block->size = size;
        } else {
            CHECK(holds_mark(block, block->size));
            if (next_random() % 2 == 0) {
                wasmote_platform_free(block->bytes, block->size, block->align);
                block->bytes = NULL;
                continue;
            }
            block->bytes = wasmote_platform_realloc(block->bytes, block->size, size, block->align);
            CHECK(block->bytes != NULL);
            CHECK(holds_mark(block, MIN(size, block->size)));
            block->size = size;
        }
        CHECK_EQ((uintptr_t)block->bytes % block->align, 0);
        block->mark = (uint8_t)next_random();
        memset(block->bytes, block->mark, block->size);
    }
    for (int i = 0; i < 40; i++) {
        if (blocks[i].bytes != NULL) {
            wasmote_platform_free(blocks[i].bytes, blocks[i].size, blocks[i].align);
        }
    }
    CHECK_EQ(test_free_blocks(), before);
}

TEST(platform, memory_ends_with_null)
{
    static const size_t sizes[] = {1 << 30, SIZE_MAX / 2, SIZE_MAX - 16, SIZE_MAX};
    for (size_t align = 1; align <= 16; align *= 2) {
        uint8_t *block = wasmote_platform_alloc(100, align);
        CHECK(block != NULL);
        memset(block, 0x5A, 100);
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
            CHECK(wasmote_platform_alloc(sizes[i], align) == NULL);
            CHECK(wasmote_platform_realloc(block, 100, sizes[i], align) == NULL);
        }
        CHECK(block[0] == 0x5A && block[99] == 0x5A);
        wasmote_platform_free(block, 100, align);
    }
}

/* ---- mutexes ---- */

static struct {
    wasmote_platform_mutex_t mutex;
    volatile int inside, rounds;
    volatile bool broken;
} contended;

static void contend(void *argument)
{
    ARG_UNUSED(argument);
    for (int i = 0; i < 50; i++) {
        wasmote_platform_mutex_lock(&contended.mutex);
        if (contended.inside++ != 0) {
            contended.broken = true;
        }
        if (i % 8 == 0) {
            wasmote_platform_sleep_ms(1); /* others run, and must wait */
        }
        contended.rounds++;
        contended.inside--;
        wasmote_platform_mutex_unlock(&contended.mutex);
    }
}

TEST(platform, mutex_excludes)
{
    void *threads[4];
    CHECK(wasmote_platform_mutex_init(&contended.mutex));
    for (int i = 0; i < 4; i++) {
        threads[i] = wasmote_platform_thread_start("contend", contend, NULL, 1024, PRIORITY + i % 3);
        CHECK(threads[i] != NULL);
    }
    for (int i = 0; i < 4; i++) {
        CHECK(wasmote_platform_thread_join(threads[i], 10000));
    }
    CHECK(!contended.broken);
    CHECK_EQ(contended.rounds, 200);
    wasmote_platform_mutex_deinit(&contended.mutex);
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

/* As many as would exhaust the memory if each kept its own; some more urgent than the test, some less. */
TEST(platform, threads_return_their_memory)
{
    const size_t before = test_free_blocks();
    count = 0;
    for (int i = 0; i < 500; i++) {
        void *thread = wasmote_platform_thread_start("increment", increment, (void *)1, 1024, -2 + 4 * (i % 2));
        CHECK(thread != NULL);
        CHECK(wasmote_platform_thread_join(thread, UINT32_MAX));
    }
    CHECK_EQ(count, 500);
    CHECK_EQ(test_free_blocks(), before);
}

TEST(platform, join_times_out)
{
    count = 0;
    void *thread = wasmote_platform_thread_start(NULL, sleep_for, (void *)1000, 1024, PRIORITY);
    CHECK(thread != NULL);
    const uint64_t start = wasmote_platform_uptime_us();
    CHECK(!wasmote_platform_thread_join(thread, 0));
    CHECK(!wasmote_platform_thread_join(thread, 50));
    const uint64_t waited = wasmote_platform_uptime_us() - start;
    CHECK(waited >= 50000 && waited < 1000000);
    CHECK_EQ(count, 0);
    CHECK(wasmote_platform_thread_join(thread, 10000));
    CHECK_EQ(count, 1);
}

TEST(platform, impossible_threads_are_refused)
{
    const size_t before = test_free_blocks();
    CHECK(wasmote_platform_thread_start("x", increment, NULL, 1024, K_LOWEST_APPLICATION_THREAD_PRIO + 1) == NULL);
    CHECK(wasmote_platform_thread_start("x", increment, NULL, 1024, K_HIGHEST_THREAD_PRIO - 1) == NULL);
    CHECK(wasmote_platform_thread_start("x", increment, NULL, SIZE_MAX, PRIORITY) == NULL);
    CHECK(wasmote_platform_thread_start("x", increment, NULL, (size_t)1 << 30, PRIORITY) == NULL);
    CHECK_EQ(test_free_blocks(), before);
}

/* ---- time ---- */

TEST(platform, sleep_lasts_as_long_as_asked)
{
    for (uint32_t milliseconds = 1; milliseconds < 50; milliseconds += 16) {
        const uint64_t start = wasmote_platform_uptime_us();
        wasmote_platform_sleep_ms(milliseconds);
        const uint64_t passed_us = wasmote_platform_uptime_us() - start;
        CHECK(passed_us >= milliseconds * 1000u && passed_us < (milliseconds + 500) * 1000u);
    }
    wasmote_platform_sleep_ms(0);
}

/* ---- panic ---- */

static void panic(void *argument)
{
    static const char file[] = "some/file.rs, and more";
    ARG_UNUSED(argument);
    test_expect_fatal_error();
    wasmote_platform_panic(file, 12, 1204);
}

TEST(platform, panic_is_the_kernels)
{
    test_thread_t thread;
    test_thread_start(&thread, panic, NULL);
    test_thread_join(&thread);
    CHECK_EQ(test_fatal_error(), K_ERR_KERNEL_PANIC);
}
