/* wasmote's platform functions (wasmote/platform.h) on FreeRTOS: memory, mutexes, time, log, panic. Threads are in
 * thread.c. Compiled with the application's FreeRTOSConfig.h.
 */
#include "FreeRTOS.h"
#include "semphr.h"
#include "task.h"

#include "pool.h"
#include "wasmote/freertos.h"
#include "wasmote/platform.h"

#include <string.h>

#if configUSE_MUTEXES != 1
#error "wasmote: set configUSE_MUTEXES to 1 in FreeRTOSConfig.h"
#endif
#if INCLUDE_xTaskGetSchedulerState != 1 && configUSE_TIMERS != 1
#error "wasmote: set INCLUDE_xTaskGetSchedulerState to 1 in FreeRTOSConfig.h"
#endif
#if INCLUDE_vTaskDelay != 1 || INCLUDE_vTaskSuspend != 1
#error "wasmote: set INCLUDE_vTaskDelay and INCLUDE_vTaskSuspend to 1 in FreeRTOSConfig.h"
#endif
#if configSUPPORT_DYNAMIC_ALLOCATION != 1 && CONFIG_WASMOTE_POOL_SIZE == 0
#error "wasmote: FreeRTOS has no heap (configSUPPORT_DYNAMIC_ALLOCATION is 0): set CONFIG_WASMOTE_POOL_SIZE"
#endif

/* ---- memory ---- */

#if CONFIG_WASMOTE_POOL_SIZE > 0

void *wasmote_platform_alloc(size_t size, size_t align)
{
    return wasmote_pool_alloc(size, align);
}

void wasmote_platform_free(void *block, size_t size, size_t align)
{
    (void)align;
    wasmote_pool_free(block, size);
}

static void *resize_in_place(void *block, size_t old_size, size_t new_size)
{
    return wasmote_pool_resize(block, old_size, new_size);
}

#else

/* FreeRTOS aligns to portBYTE_ALIGNMENT. For more, a larger block is taken, and its address is kept before ours. */
void *wasmote_platform_alloc(size_t size, size_t align)
{
    if (align <= portBYTE_ALIGNMENT) {
        return pvPortMalloc(size);
    }
    const size_t extra = sizeof(void *) + align - 1;
    uint8_t *whole = size <= SIZE_MAX - extra ? pvPortMalloc(size + extra) : NULL;
    if (whole == NULL) {
        return NULL;
    }
    void **block = (void **)(((uintptr_t)whole + extra) & ~(uintptr_t)(align - 1));
    block[-1] = whole;
    return block;
}

void wasmote_platform_free(void *block, size_t size, size_t align)
{
    (void)size;
    vPortFree(align <= portBYTE_ALIGNMENT ? block : ((void **)block)[-1]);
}

/* FreeRTOS' heaps cannot resize. A block that shrinks a little stays; one that shrinks much is worth a copy. */
static void *resize_in_place(void *block, size_t old_size, size_t new_size)
{
    return new_size <= old_size && old_size - new_size < 64 ? block : NULL;
}

#endif

void *wasmote_platform_realloc(void *block, size_t old_size, size_t new_size, size_t align)
{
    if (resize_in_place(block, old_size, new_size) != NULL) {
        return block;
    }
    void *moved = wasmote_platform_alloc(new_size, align);
    if (moved != NULL) {
        memcpy(moved, block, old_size < new_size ? old_size : new_size);
        wasmote_platform_free(block, old_size, align);
    } else if (new_size <= old_size) {
        return block; /* too large, but good */
    }
    return moved;
}

/* ---- mutexes ---- */

struct mutex {
    SemaphoreHandle_t handle;
#if configSUPPORT_STATIC_ALLOCATION == 1
    StaticSemaphore_t storage;
#endif
};

_Static_assert(sizeof(struct mutex) <= sizeof(wasmote_platform_mutex_t),
               "wasmote: FreeRTOS' mutex is larger than what wasmote keeps for it: set configUSE_MINI_LIST_ITEM to 1 and "
               "configUSE_LIST_DATA_INTEGRITY_CHECK_BYTES to 0, or configSUPPORT_STATIC_ALLOCATION to 0");

static struct mutex *mutex_of(wasmote_platform_mutex_t *mutex)
{
    return (struct mutex *)(void *)mutex->opaque;
}

bool wasmote_platform_mutex_init(wasmote_platform_mutex_t *mutex)
{
    struct mutex *m = mutex_of(mutex);
#if configSUPPORT_STATIC_ALLOCATION == 1
    m->handle = xSemaphoreCreateMutexStatic(&m->storage);
#else
    m->handle = xSemaphoreCreateMutex();
#endif
    return m->handle != NULL;
}

/* Before the scheduler starts there is one thread of execution, but FreeRTOS takes the task that was last created for
 * the owner of a mutex, and asserts if that is another one when it is given back. So nothing is locked until then. */
static bool is_concurrent(void)
{
    return xTaskGetSchedulerState() != taskSCHEDULER_NOT_STARTED;
}

void wasmote_platform_mutex_lock(wasmote_platform_mutex_t *mutex)
{
    if (is_concurrent()) {
        (void)xSemaphoreTake(mutex_of(mutex)->handle, portMAX_DELAY);
    }
}

void wasmote_platform_mutex_unlock(wasmote_platform_mutex_t *mutex)
{
    if (is_concurrent()) {
        (void)xSemaphoreGive(mutex_of(mutex)->handle);
    }
}

void wasmote_platform_mutex_deinit(wasmote_platform_mutex_t *mutex)
{
    vSemaphoreDelete(mutex_of(mutex)->handle);
}

/* ---- time ---- */

void wasmote_platform_sleep_ms(uint32_t milliseconds)
{
    /* One tick more than that many, since the current one is partly over. */
    uint64_t ticks = ((uint64_t)milliseconds * configTICK_RATE_HZ + 999) / 1000 + (milliseconds > 0);
    do { /* vTaskDelay(0) yields */
        TickType_t part = ticks < portMAX_DELAY ? (TickType_t)ticks : portMAX_DELAY - 1;
        vTaskDelay(part);
        ticks -= part;
    } while (ticks > 0);
}

uint64_t wasmote_platform_uptime_us(void)
{
    TimeOut_t now; /* of all that FreeRTOS offers, the one that includes the overflows of the tick count */
    vTaskSetTimeOutState(&now);
    const uint64_t ticks_per_overflow = (uint64_t)portMAX_DELAY + 1;
    uint64_t ticks = (UBaseType_t)now.xOverflowCount * ticks_per_overflow + now.xTimeOnEntering;
    return ticks / configTICK_RATE_HZ * 1000000 + ticks % configTICK_RATE_HZ * 1000000 / configTICK_RATE_HZ;
}

/* ---- log and panic ---- */

__attribute__((weak)) void wasmote_freertos_log_line(uint32_t level, const char *text, size_t length)
{
    (void)level;
    (void)text;
    (void)length;
}

void wasmote_platform_log(uint32_t level, const char *message, size_t length)
{
    wasmote_freertos_log_line(level, message, length);
}

void wasmote_platform_panic(const char *file, size_t file_length, uint32_t line)
{
    static const char prefix[] = "wasmote panic at ";
    char text[sizeof(prefix) + 80 + 12];
    size_t length = sizeof(prefix) - 1;
    memcpy(text, prefix, length);
    if (file != NULL) {
        const size_t kept = file_length < 80 ? file_length : 80; /* of a long path, its end */
        memcpy(text + length, file + file_length - kept, kept);
        length += kept;
    }
    text[length++] = ':';
    uint32_t unit = 1;
    while (line / unit >= 10) {
        unit *= 10;
    }
    for (; unit > 0; unit /= 10) {
        text[length++] = (char)('0' + line / unit % 10);
    }
    wasmote_freertos_log_line(1, text, length);

    configASSERT(0); /* the application's way to stop */
    taskDISABLE_INTERRUPTS();
    for (;;) {
    }
}
