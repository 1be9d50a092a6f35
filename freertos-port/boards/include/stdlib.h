/* FreeRTOS includes <stdlib.h> for size_t alone. */
#ifndef WASMOTE_BOARD_STDLIB_H
#define WASMOTE_BOARD_STDLIB_H
#include <stddef.h>
#endif
