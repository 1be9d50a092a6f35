/* Memory for compiled code (wasmote/platform.h) on Zephyr.
 *
 * Where it is, is chosen when the firmware is built:
 *   - the devicetree's chosen node wasmote,code, if there is one: a zephyr,memory-region of any RAM;
 *   - else CONFIG_WASMOTE_JIT_CODE_SIZE bytes of the system's RAM.
 * With an MPU the memory is a region of its own that every thread, also in user mode, can read and execute but not write.
 * Only while code is copied the MPU is off, with interrupts locked: nothing else runs that could write or execute then.
 */
#include "wasmote/platform.h"

#include <string.h>

#include <zephyr/cache.h>
#include <zephyr/devicetree.h>
#include <zephyr/init.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/barrier.h>

#define CODE_NODE DT_CHOSEN(wasmote_code)

#if DT_NODE_EXISTS(CODE_NODE)
#define CODE_START ((uint8_t *)DT_REG_ADDR(CODE_NODE))
#define CODE_SIZE  DT_REG_SIZE(CODE_NODE)
#else
#define CODE_START code
#define CODE_SIZE  CONFIG_WASMOTE_JIT_CODE_SIZE
#endif

#if defined(CONFIG_ARM_MPU)
#include <cmsis_core.h>

#if DT_NODE_EXISTS(CODE_NODE)

/* Zephyr makes the region, by the node's attribute. */
#include <zephyr/dt-bindings/memory-attr/memory-attr-arm.h>
BUILD_ASSERT(DT_MEM_ARM_GET(DT_PROP_OR(CODE_NODE, zephyr_memory_attr, 0)) == DT_MEM_ARM_MPU_FLASH,
             "The devicetree's node for wasmote,code must have zephyr,memory-attr = <(DT_MEM_ARM_MPU_FLASH)>: "
             "the MPU lets nobody execute it otherwise");

#else

#include <arm_core_mpu_dev.h>
#include <zephyr/linker/linker-defs.h>

#if defined(CONFIG_MPU_REQUIRES_POWER_OF_TWO_ALIGNMENT)
BUILD_ASSERT(IS_POWER_OF_TWO(CODE_SIZE),
             "Set CONFIG_WASMOTE_JIT_CODE_SIZE to a power of two: the MPU of this CPU knows no other regions");
#define ALIGNMENT CODE_SIZE
#else
BUILD_ASSERT(CODE_SIZE % CONFIG_ARM_MPU_REGION_MIN_ALIGN_AND_SIZE == 0,
             "Set CONFIG_WASMOTE_JIT_CODE_SIZE to a multiple of CONFIG_ARM_MPU_REGION_MIN_ALIGN_AND_SIZE");
#define ALIGNMENT CONFIG_ARM_MPU_REGION_MIN_ALIGN_AND_SIZE
#endif
static uint8_t code[CODE_SIZE] __aligned(ALIGNMENT) Z_GENERIC_SECTION(.wasmote_code);

/* One more fixed region, as Zephyr's own for code in RAM (__ramfunc), which would take flash too. Those are made just
 * before; threads, for which regions change, do not exist yet. */
static int make_region(void)
{
    const struct z_arm_mpu_partition region = {
        .start = (uint32_t)code,
        .size = sizeof(code),
        .attr = K_MEM_PARTITION_P_RX_U_RX,
    };
    arm_core_mpu_configure_static_mpu_regions(&region, 1, (uint32_t)_image_ram_start, (uint32_t)__kernel_ram_end);
#if defined(CONFIG_MPU_REQUIRES_NON_OVERLAPPING_REGIONS)
    /* The region of all RAM begins behind ours now: threads' regions must be cut from what is left. */
    const uint32_t threads = (uint32_t)COND_CODE_1(CONFIG_USERSPACE, (_app_smem_start), (__kernel_ram_start));
    const struct z_arm_mpu_partition rest = {
        .start = threads,
        .size = (uint32_t)__kernel_ram_end - threads,
    };
    arm_core_mpu_mark_areas_for_dynamic_regions(&rest, 1);
#endif
    return 0;
}
SYS_INIT(make_region, PRE_KERNEL_1, 0);

#endif

/* At most so many bytes are copied with interrupts locked. */
#define PIECE 256

static void copy(uint8_t *to, const uint8_t *from, size_t size)
{
    while (size > 0) {
        const size_t piece = MIN(size, PIECE);
        const unsigned int key = irq_lock();
        const uint32_t control = MPU->CTRL;
        barrier_dmem_fence_full();
        MPU->CTRL = 0;
        barrier_dsync_fence_full();
        barrier_isync_fence_full();
        memcpy(to, from, piece);
        barrier_dmem_fence_full();
        MPU->CTRL = control;
        barrier_dsync_fence_full();
        barrier_isync_fence_full();
        irq_unlock(key);
        to += piece;
        from += piece;
        size -= piece;
    }
}

#else /* no MPU */

#if !DT_NODE_EXISTS(CODE_NODE)
static uint8_t code[CODE_SIZE] __aligned(8) __noinit;
#endif

static void copy(uint8_t *to, const uint8_t *from, size_t size)
{
    memcpy(to, from, size);
}

#endif

static atomic_t claimed;

void *wasmote_platform_code_claim(size_t *size)
{
    if (!atomic_cas(&claimed, 0, 1)) {
        return NULL;
    }
    *size = CODE_SIZE;
    return CODE_START;
}

void wasmote_platform_code_release(void *region)
{
    ARG_UNUSED(region);
    atomic_clear(&claimed);
}

void wasmote_platform_code_write(void *to, const void *bytes, size_t size)
{
    copy(to, bytes, size);
    /* Nothing to do on CPUs without caches, to which these functions say so. */
    (void)sys_cache_data_flush_range(to, size);
    (void)sys_cache_instr_invd_range(to, size);
    barrier_dsync_fence_full();
    barrier_isync_fence_full();
}
