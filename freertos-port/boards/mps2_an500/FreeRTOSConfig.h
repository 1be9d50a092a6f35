/* FreeRTOS on mps2_an500 (Cortex-M7). */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H
#include "mps2_freertos_config.h"
#endif
