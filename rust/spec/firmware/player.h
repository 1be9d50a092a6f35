/* Plays the official test suite on a board: scripts in the form that rust/spec/src/compact.rs describes. Knows the C API
 * and wasmote's platform functions, and these few things more. */
#ifndef WASMOTE_SPEC_PLAYER_H
#define WASMOTE_SPEC_PLAYER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The next bytes of the suite, from its beginning on; fewer than `size` only at its end. The firmware's. */
size_t player_read(void *to, size_t size);

/* printf to the console; %s %.*s %d %u %x only. The firmware's. */
__attribute__((format(printf, 1, 2))) void player_print(const char *format, ...);

/* Plays all of it. Prints a line for each file and each failure, and in the end how many there were; true if every
 * script went as it should, and counted as the host counted it. Needs about 6 KB of stack. */
bool player_run(void);

#endif
