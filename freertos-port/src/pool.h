/* A memory pool of a fixed size, for CONFIG_WASMOTE_POOL_SIZE. */
#ifndef WASMOTE_POOL_H
#define WASMOTE_POOL_H
#include <stddef.h>

/* Sizes are of the blocks asked for; alignments are powers of two up to 16. Any task, not from an ISR. */
void *wasmote_pool_alloc(size_t size, size_t align);
/* In place, or NULL if it cannot be: a block only grows into free memory that follows it. */
void *wasmote_pool_resize(void *block, size_t old_size, size_t new_size);
void wasmote_pool_free(void *block, size_t size);

#endif
