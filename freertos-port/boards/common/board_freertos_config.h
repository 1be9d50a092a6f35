/* FreeRTOS settings that the emulated boards share; each board's FreeRTOSConfig.h adds its clock, heap and interrupts.
 * A firmware starts from template_configuration/ instead. */
#ifndef WASMOTE_BOARD_FREERTOS_CONFIG_H
#define WASMOTE_BOARD_FREERTOS_CONFIG_H

/* BOARD_STATIC_ALLOCATION / BOARD_DYNAMIC_ALLOCATION come from CMake (WASMOTE_BOARD_ALLOCATION), BOARD_HEAP_MB too. */
#define configSUPPORT_STATIC_ALLOCATION         BOARD_STATIC_ALLOCATION
#define configSUPPORT_DYNAMIC_ALLOCATION        BOARD_DYNAMIC_ALLOCATION
#define configKERNEL_PROVIDED_STATIC_MEMORY     1
#define configTOTAL_HEAP_SIZE                   (BOARD_HEAP_MB * 1024 * 1024)
#define configAPPLICATION_ALLOCATED_HEAP        1 /* common.c puts it where the board has room */

#define configTICK_RATE_HZ                      1000
#define configTICK_TYPE_WIDTH_IN_BITS           TICK_TYPE_WIDTH_32_BITS
#define configINITIAL_TICK_COUNT                ((TickType_t)0xFFFFFC18) /* 32 bits overflow in a second, not in 49 days */
#define configUSE_PREEMPTION                    1
#define configUSE_TIME_SLICING                  1
#define configMAX_PRIORITIES                    8
#define configMAX_TASK_NAME_LEN                 16
#define configMINIMAL_STACK_SIZE                512
#define configUSE_TIMERS                        1
#define configTIMER_TASK_PRIORITY               (configMAX_PRIORITIES - 1)
#define configTIMER_QUEUE_LENGTH                8
#define configTIMER_TASK_STACK_DEPTH            1024

#define configUSE_MUTEXES                       1
#define configUSE_COUNTING_SEMAPHORES           1
#define configUSE_TASK_NOTIFICATIONS            1
#define configUSE_IDLE_HOOK                     1
#define configUSE_TICK_HOOK                     0
#define configCHECK_FOR_STACK_OVERFLOW          2

#define INCLUDE_vTaskDelay                      1
#define INCLUDE_vTaskDelete                     1
#define INCLUDE_vTaskSuspend                    1
#define INCLUDE_vTaskPrioritySet                1
#define INCLUDE_uxTaskPriorityGet               1
#define INCLUDE_uxTaskGetStackHighWaterMark     1
#define INCLUDE_xTaskGetSchedulerState          1

#ifndef __ASSEMBLER__
_Noreturn void board_assert_failed(const char *file, int line);
#endif
#define configASSERT(condition)                 \
    do {                                        \
        if (!(condition)) {                     \
            board_assert_failed(__FILE__, __LINE__); \
        }                                       \
    } while (0)
#endif
