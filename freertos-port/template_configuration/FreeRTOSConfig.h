/* A FreeRTOSConfig.h to start from. wasmote needs the settings marked (wasmote), and says so at compile time if one is
 * missing; the rest is the firmware's own affair. The Cortex-M interrupt settings at the end suit a core with at least
 * three priority bits.
 */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H

/* ---- clock and scheduler ---- */
#define configCPU_CLOCK_HZ                      100000000 /* of the core, which makes the tick */
#define configTICK_RATE_HZ                      1000      /* the resolution of wasmote's sleeps and timeouts */
#define configTICK_TYPE_WIDTH_IN_BITS           TICK_TYPE_WIDTH_32_BITS
#define configUSE_PREEMPTION                    1
#define configUSE_TIME_SLICING                  1
#define configMAX_PRIORITIES                    8         /* wasmote_thread_start takes 0 .. this - 1 */
#define configMINIMAL_STACK_SIZE                256       /* words; wasmote's threads get no less */
#define configMAX_TASK_NAME_LEN                 16
#define configUSE_IDLE_HOOK                     0
#define configUSE_TICK_HOOK                     0
#define configCHECK_FOR_STACK_OVERFLOW          2

/* ---- memory: either or both ---- */
#define configSUPPORT_DYNAMIC_ALLOCATION        1         /* a heap that frees: heap_3, heap_4 or heap_5 (wasmote) */
#define configSUPPORT_STATIC_ALLOCATION         1         /* mutexes and threads then lie in wasmote's own memory */
#define configKERNEL_PROVIDED_STATIC_MEMORY     1
#define configTOTAL_HEAP_SIZE                   (128 * 1024)
#define configUSE_MALLOC_FAILED_HOOK            0         /* to wasmote, no memory is an error like others: no hook */

/* ---- what is compiled in ---- */
#define configUSE_MUTEXES                       1         /* (wasmote) */
#define configUSE_TIMERS                        0
#define INCLUDE_vTaskDelay                      1         /* (wasmote) */
#define INCLUDE_vTaskSuspend                    1         /* (wasmote) */
#define INCLUDE_vTaskDelete                     1         /* (wasmote, with CONFIG_WASMOTE_THREAD) */
#define INCLUDE_xTaskGetSchedulerState          1         /* (wasmote) */

/* ---- where a panic of wasmote's ends, after its log line; replace by your own way to stop ---- */
#define configASSERT(condition)                 \
    do {                                        \
        if (!(condition)) {                     \
            taskDISABLE_INTERRUPTS();           \
            for (;;) {                          \
            }                                   \
        }                                       \
    } while (0)

/* ---- Cortex-M ---- */
#define configMAX_SYSCALL_INTERRUPT_PRIORITY    0x80
#define configKERNEL_INTERRUPT_PRIORITY         0xE0
#define configENABLE_MPU                        0         /* these three are for M0, M23, M33 and later cores */
#define configENABLE_FPU                        0
#define configENABLE_TRUSTZONE                  0
#define vPortSVCHandler                         SVC_Handler /* the names in a CMSIS vector table */
#define xPortPendSVHandler                      PendSV_Handler
#define xPortSysTickHandler                     SysTick_Handler

#endif
