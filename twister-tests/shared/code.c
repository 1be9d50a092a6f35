/* The platform's memory for compiled code, through wasmote/platform.h alone. */
#include "wasmote_test.h"

#include "wasmote/platform.h"

TEST_SUITE(code);

/* ---- functions that return a number from 0 to 255 ---- */

struct code {
    uint8_t bytes[8];
};

#if defined(__thumb__)
#define CODE_SIZE 4
static struct code returns(uint8_t number)
{
    return (struct code){{number, 0x20, 0x70, 0x47}}; /* movs r0, #number; bx lr */
}
#elif defined(__x86_64__)
#define CODE_SIZE 6
static struct code returns(uint8_t number)
{
    return (struct code){{0xB8, number, 0, 0, 0, 0xC3}}; /* mov eax, number; ret */
}
#else
#error "no code for this CPU"
#endif

static uint8_t *start;
static size_t size;

static int call(const uint8_t *code)
{
    uintptr_t entry = (uintptr_t)code;
#if defined(__thumb__)
    entry |= 1;
#endif
    return ((int (*)(void))entry)();
}

static void write_at(uint8_t *to, uint8_t number)
{
    const struct code code = returns(number);
    wasmote_platform_code_write(to, code.bytes, CODE_SIZE);
}

static void claim(void)
{
    start = wasmote_platform_code_claim(&size);
    CHECK(start != NULL);
}

static void release(void)
{
    wasmote_platform_code_release(start);
}

TEST(code, is_claimed_by_one)
{
    claim();
    CHECK_EQ((uintptr_t)start % 8, 0);
    CHECK(size >= 1024);
    size_t other;
    CHECK(wasmote_platform_code_claim(&other) == NULL);
    uint8_t *const before = start;
    release();
    claim();
    CHECK(start == before);
    release();
}

TEST(code, is_executed_wherever_it_is)
{
    claim();
    uint8_t *const last = start + size - 8;
    for (int number = 0; number < 256; number++) {
        write_at(start, (uint8_t)number);
        write_at(last, (uint8_t)(255 - number));
        CHECK_EQ(call(start), number);
        CHECK_EQ(call(last), 255 - number);
    }
    release();
}

/* More than is copied at a time: every function of the region is another one, and all are replaced at once. */
TEST(code, is_written_in_one_piece)
{
    static uint8_t all[2048];
    claim();
    CHECK(size >= sizeof(all) || size == 1024);
    const size_t count = (size < sizeof(all) ? size : sizeof(all)) / 8;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < count; i++) {
            const struct code code = returns((uint8_t)(i * 7 + (size_t)round));
            memcpy(all + 8 * i, code.bytes, CODE_SIZE);
        }
        wasmote_platform_code_write(start, all, 8 * count);
        for (size_t i = 0; i < count; i++) {
            CHECK_EQ(call(start + 8 * i), (uint8_t)(i * 7 + (size_t)round));
        }
    }
    release();
}

/* ---- a thread executes while another writes ---- */

static struct {
    volatile bool stop;
    volatile uint32_t calls;
    volatile bool wrong;
} runner;

static void run(void *argument)
{
    (void)argument;
    while (!runner.stop) {
        for (int i = 0; i < 100; i++) {
            if (call(start) != 42) {
                runner.wrong = true;
            }
        }
        runner.calls++;
        if (!TEST_TIME_PASSES_WHILE_BUSY) {
            test_sleep_ms(1);
        }
    }
}

static volatile bool isr_called;

/* Compiled code is interrupted, and writing is too. */
static void on_interrupt(void *argument)
{
    (void)argument;
    if (call(start) != 42) {
        runner.wrong = true;
    }
    isr_called = true;
}

TEST(code, is_executed_while_other_code_is_written)
{
    claim();
    write_at(start, 42);
    runner.stop = false;
    runner.wrong = false;
    runner.calls = 0;
    isr_called = false;
    test_thread_t thread;
    test_thread_start(&thread, run, NULL);
    test_isr_after_us(20000, on_interrupt, NULL);
    for (int round = 0; round < 200 || runner.calls < 20 || !isr_called; round++) {
        for (int i = 1; i < 64; i++) {
            write_at(start + 8 * i, (uint8_t)(round + i));
            CHECK_EQ(call(start + 8 * i), (uint8_t)(round + i));
        }
        if (round % 4 == 0) {
            test_sleep_ms(1); /* the thread is less urgent */
        }
        CHECK(round < 20000);
    }
    runner.stop = true;
    test_thread_join(&thread);
    CHECK(!runner.wrong);
    release();
}

/* ---- nobody else writes ---- */

static void write_directly(void *argument)
{
    (void)argument;
    test_expect_fatal_error();
    *(volatile uint8_t *)start = 0;
}

TEST(code, is_not_written_by_others)
{
    if (!TEST_CODE_IS_GUARDED) {
        TEST_SKIP();
    }
    claim();
    write_at(start, 42);
    test_thread_t thread;
    test_thread_start(&thread, write_directly, NULL);
    test_thread_join(&thread);
    CHECK(test_fatal_error() >= 0);
    CHECK_EQ(call(start), 42);
    write_at(start, 43);
    CHECK_EQ(call(start), 43);
    release();
}
