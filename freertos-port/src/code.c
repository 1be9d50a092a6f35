/* wasmote's memory for compiled code (wasmote/platform.h) on FreeRTOS: a static array, which is executable as it is where
 * no MPU says otherwise. A linker script may place its section, .bss.wasmote_code, elsewhere.
 */
#include "FreeRTOS.h"
#include "task.h"

#include "wasmote/freertos.h"
#include "wasmote/platform.h"

#include <string.h>

#ifdef CONFIG_WASMOTE_JIT

#ifndef __thumb2__
#error "wasmote: CONFIG_WASMOTE_JIT is for Cortex-M3 and above on FreeRTOS"
#endif

static uint8_t code[CONFIG_WASMOTE_JIT_CODE_SIZE] __attribute__((section(".bss.wasmote_code"), aligned(32)));
static bool claimed;

void *wasmote_platform_code_claim(size_t *size)
{
    vTaskSuspendAll();
    const bool free = !claimed;
    claimed = true;
    (void)xTaskResumeAll();
    *size = sizeof(code);
    return free ? code : NULL;
}

void wasmote_platform_code_release(void *region)
{
    (void)region;
    claimed = false;
}

/* ---- copying, behind an MPU if the application says how ---- */

#pragma weak wasmote_freertos_code_writable
/* At most so many bytes are copied in a critical section. */
#define PIECE 256u

static void copy(uint8_t *to, const uint8_t *from, size_t size)
{
    if (wasmote_freertos_code_writable == NULL) {
        memcpy(to, from, size);
        return;
    }
    while (size > 0) {
        const size_t piece = size < PIECE ? size : PIECE;
        taskENTER_CRITICAL();
        wasmote_freertos_code_writable(true);
        memcpy(to, from, piece);
        wasmote_freertos_code_writable(false);
        taskEXIT_CRITICAL();
        to += piece;
        from += piece;
        size -= piece;
    }
}

/* ---- caches: registers of the core, Armv7-M and Armv8-M Mainline ---- */

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define CCR               REGISTER(0xE000ED14)
#define CCR_DC            (1u << 16) /* the data cache is on; a core without one reads 0 */
#define CCR_IC            (1u << 17) /* the instruction cache is on; likewise */
#define CTR               REGISTER(0xE000ED7C)
#define DCCMVAU           REGISTER(0xE000EF64) /* writes a line of the data cache back */
#define ICIALLU           REGISTER(0xE000EF50) /* empties the instruction cache */
#define BPIALL            REGISTER(0xE000EF78) /* makes the branch predictor forget */

static void synchronise_caches(const uint8_t *start, size_t size)
{
    __asm volatile("dsb" ::: "memory");
    if (CCR & CCR_DC) {
        const uintptr_t line = 4u << (CTR >> 16 & 0xF);
        for (uintptr_t at = (uintptr_t)start & ~(line - 1); at < (uintptr_t)start + size; at += line) {
            DCCMVAU = at;
        }
        __asm volatile("dsb" ::: "memory");
    }
    if (CCR & CCR_IC) {
        ICIALLU = 0;
        BPIALL = 0;
    }
    __asm volatile("dsb\n isb" ::: "memory");
}

void wasmote_platform_code_write(void *to, const void *bytes, size_t size)
{
    copy(to, bytes, size);
    synchronise_caches(to, size);
}

#else
typedef int wasmote_code_is_not_configured; /* C does not allow an empty file */
#endif
