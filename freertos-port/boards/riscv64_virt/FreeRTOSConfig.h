/* FreeRTOS on riscv64_virt (RV64IMAC). */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H
#include "riscv_virt_freertos_config.h"
#endif
