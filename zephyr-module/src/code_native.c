/* Memory for compiled code (wasmote/platform.h) in native_sim. This file belongs to the simulator: it is compiled with the
 * headers of the host, for its C library. One thread of Zephyr's runs at a time, and no interrupt comes in between, so
 * pages that are being written need not be executable.
 */
#define _DEFAULT_SOURCE /* for MAP_ANONYMOUS */

#include "wasmote/platform.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nsi_tracing.h"

static bool claimed;
static void *region;

void *wasmote_platform_code_claim(size_t *size)
{
    if (claimed) {
        return NULL;
    }
    if (region == NULL) {
        region = mmap(NULL, WASMOTE_CODE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (region == MAP_FAILED) {
            region = NULL;
            return NULL;
        }
    }
    claimed = true;
    *size = WASMOTE_CODE_SIZE;
    return region;
}

void wasmote_platform_code_release(void *start)
{
    (void)start;
    claimed = false;
}

void wasmote_platform_code_write(void *to, const void *code, size_t size)
{
    const uintptr_t page_mask = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
    void *const pages = (void *)((uintptr_t)to & ~page_mask);
    const size_t length = size + ((uintptr_t)to & page_mask);
    if (mprotect(pages, length, PROT_READ | PROT_WRITE) != 0) {
        nsi_print_error_and_exit("wasmote: the memory for code cannot be made writable\n");
    }
    memcpy(to, code, size);
    if (mprotect(pages, length, PROT_READ | PROT_EXEC) != 0) {
        nsi_print_error_and_exit("wasmote: the memory for code cannot be made executable\n");
    }
}
