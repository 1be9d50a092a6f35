/* wasmote's threads (wasmote/platform.h) on FreeRTOS.
 *
 * A thread that has ended does not delete itself: FreeRTOS would leave its memory in use until the idle task has run,
 * and nobody would know when. It says that it is done and sleeps for good; who joins it deletes it, and only then is its
 * memory given back.
 */
#include "FreeRTOS.h"
#include "semphr.h"
#include "task.h"

#include "wasmote/platform.h"

#ifdef CONFIG_WASMOTE_THREAD

#if INCLUDE_vTaskDelete != 1
#error "wasmote: threads need INCLUDE_vTaskDelete set to 1 in FreeRTOSConfig.h (or CONFIG_WASMOTE_THREAD n)"
#endif

#if configNUMBER_OF_CORES > 1
#define SEVERAL_CORES 1
#endif

/* With static allocation, task and stack are part of our block, from where all of wasmote's memory comes. Not on
 * several cores: there the kernel may still need them for a moment after vTaskDelete, and frees them itself. */
#if configSUPPORT_STATIC_ALLOCATION == 1 && !defined(SEVERAL_CORES)
#define OWN_MEMORY 1
#elif configSUPPORT_DYNAMIC_ALLOCATION != 1
#error "wasmote: threads on several cores need configSUPPORT_DYNAMIC_ALLOCATION (or CONFIG_WASMOTE_THREAD n)"
#endif

struct thread {
    void (*entry)(void *);
    void *argument;
    TaskHandle_t task;
    SemaphoreHandle_t done;
    size_t block_size;
#ifdef OWN_MEMORY
    StaticSemaphore_t done_storage;
    StaticTask_t task_storage;
    StackType_t stack[];
#endif
};

#define ALIGNMENT (portBYTE_ALIGNMENT < 16 ? portBYTE_ALIGNMENT : 16)

static void run(void *argument)
{
    struct thread *thread = argument;
    thread->entry(thread->argument);
    (void)xSemaphoreGive(thread->done);
    for (;;) { /* `thread` may be gone */
        vTaskSuspend(NULL);
    }
}

void *wasmote_platform_thread_start(const char *name, void (*entry)(void *), void *argument, size_t stack_bytes,
                                    int32_t priority)
{
    size_t depth = stack_bytes / sizeof(StackType_t) + (stack_bytes % sizeof(StackType_t) != 0);
    if (depth < configMINIMAL_STACK_SIZE) {
        depth = configMINIMAL_STACK_SIZE;
    }
    size_t size = sizeof(struct thread);
#ifdef OWN_MEMORY
    if (depth > (SIZE_MAX - size) / sizeof(StackType_t)) {
        return NULL;
    }
    size += depth * sizeof(StackType_t);
#endif
    if (priority < 0 || priority >= configMAX_PRIORITIES || (configSTACK_DEPTH_TYPE)depth != depth) {
        return NULL;
    }
    struct thread *thread = wasmote_platform_alloc(size, ALIGNMENT);
    if (thread == NULL) {
        return NULL;
    }
    *thread = (struct thread){.entry = entry, .argument = argument, .block_size = size};
    const char *label = name != NULL ? name : "wasmote";
#ifdef OWN_MEMORY
    thread->done = xSemaphoreCreateBinaryStatic(&thread->done_storage);
    thread->task = xTaskCreateStatic(run, label, depth, thread, (UBaseType_t)priority, thread->stack,
                                     &thread->task_storage);
#else
    thread->done = xSemaphoreCreateBinary();
    if (thread->done == NULL ||
        xTaskCreate(run, label, (configSTACK_DEPTH_TYPE)depth, thread, (UBaseType_t)priority, &thread->task) != pdPASS) {
        if (thread->done != NULL) {
            vSemaphoreDelete(thread->done);
        }
        wasmote_platform_free(thread, size, ALIGNMENT);
        return NULL;
    }
#endif
    return thread;
}

static bool wait_until_done(SemaphoreHandle_t done, uint32_t timeout_ms)
{
    if (timeout_ms == UINT32_MAX) {
        return xSemaphoreTake(done, portMAX_DELAY) == pdTRUE;
    }
    uint64_t ticks = ((uint64_t)timeout_ms * configTICK_RATE_HZ + 999) / 1000;
    for (;;) { /* a 16-bit tick count waits in parts */
        TickType_t part = ticks < portMAX_DELAY ? (TickType_t)ticks : portMAX_DELAY - 1;
        if (xSemaphoreTake(done, part) == pdTRUE) {
            return true;
        }
        ticks -= part;
        if (ticks == 0) {
            return false;
        }
    }
}

bool wasmote_platform_thread_join(void *handle, uint32_t timeout_ms)
{
    struct thread *thread = handle;
    if (!wait_until_done(thread->done, timeout_ms)) {
        return false;
    }
    vTaskDelete(thread->task);
    vSemaphoreDelete(thread->done);
    wasmote_platform_free(thread, thread->block_size, ALIGNMENT);
    return true;
}

#else
typedef int wasmote_threads_are_not_configured; /* C does not allow an empty file */
#endif
