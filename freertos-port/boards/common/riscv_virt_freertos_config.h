/* FreeRTOS on QEMU's RISC-V `virt` machine, of 32 or 64 bits. */
#ifndef WASMOTE_RISCV_VIRT_FREERTOS_CONFIG_H
#define WASMOTE_RISCV_VIRT_FREERTOS_CONFIG_H
#include "board_freertos_config.h"

#define configCPU_CLOCK_HZ                      10000000 /* of MTIME, which makes the tick */
#define configMTIME_BASE_ADDRESS                0x0200BFF8
#define configMTIMECMP_BASE_ADDRESS             0x02004000
#endif
