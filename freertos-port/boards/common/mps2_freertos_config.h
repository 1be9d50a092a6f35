/* FreeRTOS on Arm's MPS2 boards: one clock and one interrupt controller, whatever the core. */
#ifndef WASMOTE_MPS2_FREERTOS_CONFIG_H
#define WASMOTE_MPS2_FREERTOS_CONFIG_H
#include "board_freertos_config.h"

#define configCPU_CLOCK_HZ                      25000000

/* Interrupts of this urgency and less urgent ones (numerically higher) may call FreeRTOS. */
#define configMAX_SYSCALL_INTERRUPT_PRIORITY    0x80
#define configKERNEL_INTERRUPT_PRIORITY         0xE0

/* The vector table names FreeRTOS' own handlers. */
#define configCHECK_HANDLER_INSTALLATION        1
#endif
