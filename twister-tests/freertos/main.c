/* Runs the tests one after the other, each in a task of its own, and says how each ended. */
#include "wasmote_test.h"

#include "wasmote/freertos.h"

#define TEST_TASK_PRIORITY   3
#define RUNNER_PRIORITY      4
#define TEST_STACK_WORDS     8192
#define RUNNER_STACK_WORDS   1024
#define LIMIT_MS             60000

/* Made by the linker, around the section's content. */
extern const struct test __start_wasmote_tests[], __stop_wasmote_tests[];

void test_prepare_semaphores(void);

static struct {
    const struct test *test;
    TaskHandle_t runner, task;
    volatile enum test_result result;
} current;

static TaskHandle_t make_task(void (*entry)(void *), const char *name, UBaseType_t priority);

/* The task of a test that ended stays as it is, with whatever is on its stack, until the runner deletes it. */
_Noreturn void test_end(enum test_result result)
{
    current.result = result;
    xTaskNotifyGive(current.runner);
    for (;;) {
        vTaskSuspend(NULL);
    }
}

static void run_test(void *unused)
{
    (void)unused;
    current.test->run();
    test_end(TEST_PASSED);
}

static enum test_result run(const struct test *test)
{
    test_prepare_semaphores();
    current.test = test;
    current.result = TEST_FAILED;
    current.task = make_task(run_test, test->name, TEST_TASK_PRIORITY);
    if (ulTaskNotifyTake(pdTRUE, pdMS_TO_TICKS(LIMIT_MS)) == 0) {
        board_printf("%s: not over after %d seconds\n", test->name, LIMIT_MS / 1000);
    }
    vTaskDelete(current.task);
    return current.result;
}

static void run_all(void *unused)
{
    (void)unused;
    static const char *const words[] = {[TEST_PASSED] = "PASS", [TEST_FAILED] = "FAIL", [TEST_SKIPPED] = "SKIP"};
    unsigned counts[3] = {0};
    current.runner = xTaskGetCurrentTaskHandle();
    for (const struct test *test = __start_wasmote_tests; test < __stop_wasmote_tests; test++) {
        const enum test_result result = run(test);
        counts[result]++;
        board_printf("%s - %s.%s\n", words[result], test->suite, test->name);
    }
    board_printf("%u passed, %u failed, %u skipped\n", counts[TEST_PASSED], counts[TEST_FAILED], counts[TEST_SKIPPED]);
    board_exit(counts[TEST_FAILED] != 0 || counts[TEST_PASSED] == 0);
}

static TaskHandle_t make_task(void (*entry)(void *), const char *name, UBaseType_t priority)
{
    TaskHandle_t task = NULL;
    const size_t words = priority == RUNNER_PRIORITY ? RUNNER_STACK_WORDS : TEST_STACK_WORDS;
#if configSUPPORT_STATIC_ALLOCATION
    static StaticTask_t runner, test;
    static StackType_t runner_stack[RUNNER_STACK_WORDS], test_stack[TEST_STACK_WORDS];
    task = priority == RUNNER_PRIORITY ? xTaskCreateStatic(entry, name, words, NULL, priority, runner_stack, &runner)
                                       : xTaskCreateStatic(entry, name, words, NULL, priority, test_stack, &test);
#else
    configASSERT(xTaskCreate(entry, name, words, NULL, priority, &task) == pdPASS);
#endif
    return task;
}

/* Warnings are what most tests are about; an error is a panic. */
void wasmote_freertos_log_line(uint32_t level, const char *text, size_t length)
{
    if (level == 1) {
        board_printf("wasmote: %.*s\n", (int)length, text);
    }
}

int main(void)
{
    make_task(run_all, "runner", RUNNER_PRIORITY);
    vTaskStartScheduler();
    return 1;
}
