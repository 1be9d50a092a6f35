/* What wasmote_test.h says about guests and memory. */
#include "wasmote_test.h"

#include "wasmote/platform.h"

uint8_t test_pool[TEST_POOL_SIZE] __attribute__((aligned(16)));

void guest_open_bytes(struct guest *guest, const uint8_t *bytes, size_t size, const wasmote_imports_t *imports,
                      const wasmote_quotas_t *quotas)
{
    memset(guest, 0, sizeof *guest);
    CHECK_OK(wasmote_runtime_new(NULL, &guest->runtime));
    CHECK_OK(wasmote_module_load(guest->runtime, bytes, size, &guest->module, &guest->error));
    CHECK_OK(wasmote_instance_new(guest->module, imports, quotas, &guest->instance, &guest->error));
}

void guest_close(struct guest *guest)
{
    CHECK_OK(wasmote_instance_delete(guest->instance));
    CHECK_OK(wasmote_module_delete(guest->module));
    CHECK_OK(wasmote_runtime_delete(guest->runtime));
}

wasmote_status_t guest_call_values(struct guest *guest, const char *name, wasmote_value_t *result,
                                   const wasmote_value_t *values, size_t count)
{
    wasmote_func_t func;
    const wasmote_status_t status = wasmote_instance_func(guest->instance, name, &func);
    if (status != WASMOTE_OK) {
        return status;
    }
    return wasmote_func_call(guest->instance, func, values + 1, count - 1, result, result != NULL, &guest->error);
}

size_t test_free_blocks(void)
{
    enum { SIZE = 512, ALIGN = 8 };
    uint8_t *first = NULL;
    size_t count = 0;
    for (uint8_t *block; (block = wasmote_platform_alloc(SIZE, ALIGN)) != NULL; count++) {
        memcpy(block, &first, sizeof first);
        first = block;
    }
    while (first != NULL) {
        uint8_t *next;
        memcpy(&next, first, sizeof next);
        wasmote_platform_free(first, SIZE, ALIGN);
        first = next;
    }
    return count;
}
