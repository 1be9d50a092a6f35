/* FreeRTOS on riscv32_virt (RV32IMAC). */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H
#include "riscv_virt_freertos_config.h"
#endif
