/* What an application on FreeRTOS may provide to wasmote. */
#ifndef WASMOTE_FREERTOS_H
#define WASMOTE_FREERTOS_H
#include <stdbool.h>
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

/* Opens the memory for compiled code (CONFIG_WASMOTE_JIT) for writing, and closes it. For applications that guard it with
 * an MPU; others do not define this function. Called in a critical section, a few hundred bytes apart. While the memory
 * is open it need not be executable; all other memory must be as usual. */
void wasmote_freertos_code_writable(bool writable);

#ifdef __cplusplus
}
#endif
#endif
