/* FreeRTOS on mps2_an386 (Cortex-M4F). */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H
#include "mps2_freertos_config.h"
#endif
