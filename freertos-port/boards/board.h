/* What a program may ask of an emulated board, the same on all of them.
 *
 * main() is called with the console working, interrupts masked by FreeRTOS' rules and no scheduler; returning from it
 * ends the run like board_exit(). Vectors, faults, the console, the timers and the FreeRTOS hooks are the board's.
 */
#ifndef WASMOTE_BOARD_H
#define WASMOTE_BOARD_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes to the console at once and in one piece: nothing of another task or ISR comes in between. */
void board_write(const char *text, size_t length);

/* printf to the console, in one piece. Knows %c %s %.*s %d %i %u %x %p %%, the sizes l ll z, a width and a leading 0;
 * no floating point. From tasks, ISRs and before the scheduler starts. */
__attribute__((format(printf, 1, 2))) void board_printf(const char *format, ...);
void board_vprintf(const char *format, va_list arguments);

/* Ends the emulator with this exit code, 0..255. */
_Noreturn void board_exit(int code);

/* Opens a file of the machine that runs the emulator for reading; negative if that fails. */
int board_host_open(const char *path);

/* The next bytes of such a file; fewer than `size` only at its end. */
size_t board_host_read(int file, void *to, size_t size);

/* Has a failed configASSERT call this instead of ending the run; it must not return. For tests of what stops. */
void board_on_assert(void (*stop)(const char *file, int line));

/* Instructions executed since boot, for the differences between two calls. Exact on riscv*_virt, in steps of 40 on
 * mps2_* (where it wraps after 171 * 10^9). Only means something in a run with the shift for measuring (board.json), and
 * includes what interrupts execute: mask them around what is measured. */
uint64_t board_instructions(void);

/* Calls callback(argument) once from a hardware interrupt, `microseconds` (1 .. 100 000 000) from now. The interrupt
 * may use FreeRTOS' ...FromISR functions. A second call replaces the first; the callback may call again. */
void board_timer_isr_after_us(uint32_t microseconds, void (*callback)(void *), void *argument);

#ifdef __cplusplus
}
#endif
#endif
