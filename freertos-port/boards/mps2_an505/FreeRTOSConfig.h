/* FreeRTOS on mps2_an505 (Cortex-M33), all of it in the secure state. */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H
#include "mps2_freertos_config.h"

#undef configCPU_CLOCK_HZ
#define configCPU_CLOCK_HZ                      20000000

#define configENABLE_TRUSTZONE                  0
#define configRUN_FREERTOS_SECURE_ONLY          1
#define configENABLE_FPU                        1
#define configENABLE_MPU                        0

/* This port has CMSIS' names for them. */
#define vPortSVCHandler                         SVC_Handler
#define xPortPendSVHandler                      PendSV_Handler
#define xPortSysTickHandler                     SysTick_Handler
#endif
