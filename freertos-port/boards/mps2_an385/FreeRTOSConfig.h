/* FreeRTOS on mps2_an385 (Cortex-M3). */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H
#include "mps2_freertos_config.h"
#endif
