/* Where wasmote's memory comes from: a pool of its own (CONFIG_WASMOTE_POOL_SIZE) or the system heap. */
#ifndef WASMOTE_POOL_H
#define WASMOTE_POOL_H
#include <zephyr/kernel.h>

#if CONFIG_WASMOTE_POOL_SIZE > 0
extern struct k_heap wasmote_pool;
#endif

/* Has what the kernel allocates on behalf of a thread come from there, too. */
static inline void wasmote_pool_assign(struct k_thread *thread)
{
#if CONFIG_WASMOTE_POOL_SIZE > 0
    k_thread_heap_assign(thread, &wasmote_pool);
#else
    k_thread_system_pool_assign(thread);
#endif
}

#endif
