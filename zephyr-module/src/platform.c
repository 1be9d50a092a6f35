/* wasmote's platform functions (wasmote/platform.h) on Zephyr. */
#include "wasmote/platform.h"

#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

#include "pool.h"

LOG_MODULE_REGISTER(wasmote, CONFIG_WASMOTE_LOG_LEVEL);

/* ---- memory ---- */

#if CONFIG_WASMOTE_POOL_SIZE > 0

K_HEAP_DEFINE(wasmote_pool, CONFIG_WASMOTE_POOL_SIZE);

void *wasmote_platform_alloc(size_t size, size_t align)
{
    return k_heap_aligned_alloc(&wasmote_pool, align, size, K_NO_WAIT);
}

void wasmote_platform_free(void *block, size_t size, size_t align)
{
    ARG_UNUSED(size);
    ARG_UNUSED(align);
    k_heap_free(&wasmote_pool, block);
}

static void *resize(void *block, size_t new_size)
{
    return k_heap_realloc(&wasmote_pool, block, new_size, K_NO_WAIT);
}

#else

void *wasmote_platform_alloc(size_t size, size_t align)
{
    return k_aligned_alloc(MAX(align, sizeof(void *)), size);
}

void wasmote_platform_free(void *block, size_t size, size_t align)
{
    ARG_UNUSED(size);
    ARG_UNUSED(align);
    k_free(block);
}

static void *resize(void *block, size_t new_size)
{
    return k_realloc(block, new_size);
}

#endif

/* Zephyr resizes with no more alignment than its heaps have anyway. */
void *wasmote_platform_realloc(void *block, size_t old_size, size_t new_size, size_t align)
{
    if (align <= sizeof(void *)) {
        return resize(block, new_size);
    }
    void *moved = wasmote_platform_alloc(new_size, align);
    if (moved != NULL) {
        memcpy(moved, block, MIN(old_size, new_size));
        wasmote_platform_free(block, old_size, align);
    }
    return moved;
}

/* ---- mutexes ---- */

BUILD_ASSERT(sizeof(struct k_mutex) <= sizeof(wasmote_platform_mutex_t),
         "Zephyr's mutex is larger than what wasmote keeps for it");

static struct k_mutex *mutex_of(wasmote_platform_mutex_t *mutex)
{
    return (struct k_mutex *)(void *)mutex->opaque;
}

bool wasmote_platform_mutex_init(wasmote_platform_mutex_t *mutex)
{
    return k_mutex_init(mutex_of(mutex)) == 0;
}

void wasmote_platform_mutex_lock(wasmote_platform_mutex_t *mutex)
{
    (void)k_mutex_lock(mutex_of(mutex), K_FOREVER);
}

void wasmote_platform_mutex_unlock(wasmote_platform_mutex_t *mutex)
{
    (void)k_mutex_unlock(mutex_of(mutex));
}

void wasmote_platform_mutex_deinit(wasmote_platform_mutex_t *mutex)
{
    ARG_UNUSED(mutex);
}

/* ---- time ---- */

void wasmote_platform_sleep_ms(uint32_t milliseconds)
{
    int32_t left = (int32_t)MIN(milliseconds, INT32_MAX);
    do { /* k_wakeup() ends a sleep early */
        left = k_sleep(K_MSEC(left));
    } while (left > 0);
}

uint64_t wasmote_platform_uptime_us(void)
{
    return k_ticks_to_us_floor64((uint64_t)k_uptime_ticks());
}

/* ---- log and panic ---- */

/* The log may be written much later, and wants a string that ends with a NUL. Of a long one, the end is kept. */
#define LINE 128
static const char *line_of(char line[LINE], const char *text, size_t length)
{
    size_t kept = MIN(length, LINE - 1);
    memcpy(line, text + length - kept, kept);
    line[kept] = '\0';
    return line;
}

void wasmote_platform_log(uint32_t level, const char *message, size_t length)
{
    char line[LINE];
    line_of(line, message, length);
    switch (level) {
    case 1:
        LOG_ERR("%s", line);
        break;
    case 2:
        LOG_WRN("%s", line);
        break;
    case 3:
        LOG_INF("%s", line);
        break;
    default:
        LOG_DBG("%s", line);
        break;
    }
}

void wasmote_platform_panic(const char *file, size_t file_length, uint32_t line)
{
    char name[LINE];
    LOG_ERR("panic at %s:%u", file != NULL ? line_of(name, file, file_length) : "?", line);
    k_panic();
    for (;;) { /* a fatal error handler that lets the thread go on has no place to go on to */
        k_sleep(K_FOREVER);
    }
}
