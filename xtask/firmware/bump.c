/* Memory of wasmote's platform that is taken from the end of an array and given back only if it was the last: the least code that
 * does. */
#include <stdint.h>

#include <wasmote/platform.h>

#ifndef HEAP_BYTES
#define HEAP_BYTES (32 * 1024)
#endif

__attribute__((section(".large"), aligned(16))) static uint8_t heap[HEAP_BYTES];
static size_t used;

void *wasmote_platform_alloc(size_t size, size_t align)
{
	size_t start = (used + align - 1) & ~(align - 1);

	if (start > HEAP_BYTES || size > HEAP_BYTES - start) {
		return NULL;
	}
	used = start + size;
	return &heap[start];
}

void wasmote_platform_free(void *block, size_t size, size_t align)
{
	(void)align;
	if ((uint8_t *)block + size == &heap[used]) {
		used -= size;
	}
}

void *wasmote_platform_realloc(void *block, size_t old_size, size_t new_size, size_t align)
{
	uint8_t *to, *from = block;

	wasmote_platform_free(block, old_size, align);
	to = wasmote_platform_alloc(new_size, align);
	if (to == NULL) {
		/* It was the last block if it was freed: then this takes it back, as it was. */
		if (from + old_size > &heap[used]) {
			used = (size_t)(from + old_size - heap);
		}
		return NULL;
	}
	if (to != from) {
		for (size_t i = 0; i < (old_size < new_size ? old_size : new_size); i++) {
			to[i] = from[i];
		}
	}
	return to;
}
