/* What an application on FreeRTOS may provide to wasmote. */
#ifndef WASMOTE_FREERTOS_H
#define WASMOTE_FREERTOS_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Receives each line of wasmote's log. FreeRTOS has no console of its own: unless the application defines this
 * function (in its own sources, not in a library), the lines go nowhere.
 *
 * level: 1 error, 2 warning, 3 information, 4 debug, 5 trace. text is UTF-8 without a NUL or a newline, and only valid
 * during the call. Called from tasks, several at once; after a fault in wasmote itself also as the last thing before
 * configASSERT(0), so it should not wait for long. */
void wasmote_freertos_log_line(uint32_t level, const char *text, size_t length);

#ifdef __cplusplus
}
#endif
#endif
