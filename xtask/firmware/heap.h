/* The heap of the engines that wasmote is compared with: constant time, and no byte is counted but what is asked for. */
#ifndef HEAP_H
#define HEAP_H
#include <stddef.h>

/* Aligned to 16. NULL if there is no room, or if more alignment is wanted. */
void *heap_alloc(size_t size, size_t align);
void heap_free(void *block);
/* NULL leaves the block as it was. */
void *heap_realloc(void *block, size_t size, size_t align);

/* Bytes that are held now, and the most at one time since the last restart. */
size_t heap_used(void);
size_t heap_peak(void);
void heap_restart_peak(void);

#endif
