/* A first-fit allocator over one static array.
 *
 * Who frees a block says how large it is, so used blocks carry no header: the pool is the list of its gaps, sorted by
 * address. Everything is rounded to granules, the size of a gap's own description, so that any piece cut off a gap can
 * hold one. The scheduler is suspended while the list is walked, as FreeRTOS' own heap does.
 */
#include "FreeRTOS.h"
#include "task.h"

#include "pool.h"

#include <stdint.h>

#if CONFIG_WASMOTE_POOL_SIZE > 0

struct gap {
    size_t size;
    struct gap *next;
};

#define GRANULE sizeof(struct gap)
#define POOL_SIZE (CONFIG_WASMOTE_POOL_SIZE / GRANULE * GRANULE)

static union {
    uint8_t bytes[POOL_SIZE];
    struct gap first;
} pool __attribute__((aligned(16)));

static struct gap *gaps;
static int ready;

/* 0 if there is no such size. */
static size_t round_up(size_t size)
{
    return size <= POOL_SIZE ? (size + GRANULE - 1) / GRANULE * GRANULE : 0;
}

static void begin(void)
{
    vTaskSuspendAll();
    if (!ready) {
        pool.first = (struct gap){.size = POOL_SIZE, .next = NULL};
        gaps = &pool.first;
        ready = 1;
    }
}

static void end(void)
{
    (void)xTaskResumeAll();
}

static uint8_t *after(struct gap *gap)
{
    return (uint8_t *)gap + gap->size;
}

/* Takes `size` bytes at `start`, which lie within the gap behind `link`; what is left on either side stays a gap. */
static void take(struct gap **link, uint8_t *start, size_t size)
{
    struct gap *gap = *link;
    size_t before = (size_t)(start - (uint8_t *)gap);
    size_t behind = gap->size - before - size;
    struct gap *next = gap->next;
    if (behind > 0) {
        struct gap *rest = (struct gap *)(void *)(start + size);
        *rest = (struct gap){.size = behind, .next = next};
        next = rest;
    }
    if (before > 0) {
        gap->size = before;
        gap->next = next;
    } else {
        *link = next;
    }
}

static void give(uint8_t *start, size_t size)
{
    struct gap *before = NULL;
    struct gap *next = gaps;
    while (next != NULL && (uint8_t *)next < start) {
        before = next;
        next = next->next;
    }
    struct gap *gap = (struct gap *)(void *)start;
    *gap = (struct gap){.size = size, .next = next};
    if (next != NULL && after(gap) == (uint8_t *)next) {
        gap->size += next->size;
        gap->next = next->next;
    }
    if (before == NULL) {
        gaps = gap;
    } else if (after(before) == start) {
        before->size += gap->size;
        before->next = gap->next;
    } else {
        before->next = gap;
    }
}

void *wasmote_pool_alloc(size_t size, size_t align)
{
    size = round_up(size);
    if (size == 0) {
        return NULL;
    }
    void *block = NULL;
    begin();
    for (struct gap **link = &gaps; *link != NULL; link = &(*link)->next) {
        size_t skip = -(size_t)(uintptr_t)*link & (align - 1);
        if (skip <= (*link)->size && size <= (*link)->size - skip) {
            block = (uint8_t *)*link + skip;
            take(link, block, size);
            break;
        }
    }
    end();
    return block;
}

void *wasmote_pool_resize(void *block, size_t old_size, size_t new_size)
{
    old_size = round_up(old_size);
    new_size = round_up(new_size);
    if (new_size == 0) {
        return NULL;
    }
    uint8_t *end_of_block = (uint8_t *)block + old_size;
    begin();
    if (new_size < old_size) {
        give((uint8_t *)block + new_size, old_size - new_size);
    } else if (new_size > old_size) {
        struct gap **link = &gaps;
        while (*link != NULL && (uint8_t *)*link < end_of_block) {
            link = &(*link)->next;
        }
        if ((uint8_t *)*link == end_of_block && (*link)->size >= new_size - old_size) {
            take(link, end_of_block, new_size - old_size);
        } else {
            block = NULL;
        }
    }
    end();
    return block;
}

void wasmote_pool_free(void *block, size_t size)
{
    begin();
    give(block, round_up(size));
    end();
}

#else
typedef int wasmote_pool_is_not_configured; /* C does not allow an empty file */
#endif
