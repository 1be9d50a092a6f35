/* Memory of wasmote's platform that is given back, for those that use much of it one after the other. */
#include <wasmote/platform.h>

#include "heap.h"

void *wasmote_platform_alloc(size_t size, size_t align)
{
	return heap_alloc(size, align);
}

void wasmote_platform_free(void *block, size_t size, size_t align)
{
	(void)size, (void)align;
	heap_free(block);
}

void *wasmote_platform_realloc(void *block, size_t old_size, size_t new_size, size_t align)
{
	(void)old_size;
	return heap_realloc(block, new_size, align);
}
