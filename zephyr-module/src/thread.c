/* wasmote's threads (wasmote/platform.h) on Zephyr. Who joins a thread frees it: only then has it left its stack. */
#include "wasmote/platform.h"

#include <zephyr/kernel.h>

#include "pool.h"

struct thread {
    struct k_thread kernel;
    k_thread_stack_t *stack;
};

static void run(void *entry, void *argument, void *unused)
{
    ARG_UNUSED(unused);
    ((void (*)(void *))entry)(argument);
}

/* The kernel takes a stack from the pool of the thread that asks for it. */
static k_thread_stack_t *alloc_stack(size_t size)
{
    struct k_thread *self = k_current_get();
    struct k_heap *own = self->resource_pool;
    wasmote_pool_assign(self);
    k_thread_stack_t *stack = k_thread_stack_alloc(size, 0);
    k_thread_heap_assign(self, own);
    return stack;
}

static void release(struct thread *thread)
{
    wasmote_platform_free(thread, sizeof(*thread), __alignof__(struct thread));
}

void *wasmote_platform_thread_start(const char *name, void (*entry)(void *), void *argument, size_t stack_bytes,
                                   int32_t priority)
{
    if (priority < K_HIGHEST_THREAD_PRIO || priority > K_LOWEST_APPLICATION_THREAD_PRIO ||
        stack_bytes > INT32_MAX) {
        return NULL;
    }
    stack_bytes = MAX(stack_bytes, CONFIG_DYNAMIC_THREAD_STACK_SIZE);
    struct thread *thread = wasmote_platform_alloc(sizeof(*thread), __alignof__(struct thread));
    if (thread == NULL) {
        return NULL;
    }
    thread->stack = alloc_stack(stack_bytes);
    if (thread->stack == NULL) {
        release(thread);
        return NULL;
    }
    /* What runs may use floats. */
    uint32_t options = IS_ENABLED(CONFIG_FPU_SHARING) ? K_FP_REGS : 0;
    k_thread_create(&thread->kernel, thread->stack, stack_bytes, run, (void *)entry, argument, NULL, priority,
                    options, K_FOREVER);
    k_thread_name_set(&thread->kernel, name != NULL ? name : "wasmote");
    k_thread_start(&thread->kernel);
    return thread;
}

bool wasmote_platform_thread_join(void *handle, uint32_t timeout_ms)
{
    struct thread *thread = handle;
    if (k_thread_join(&thread->kernel, timeout_ms == UINT32_MAX ? K_FOREVER : K_MSEC(timeout_ms)) != 0) {
        return false;
    }
    (void)k_thread_stack_free(thread->stack);
    release(thread);
    return true;
}
