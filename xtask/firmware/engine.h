/* A WebAssembly runtime as the measuring programs see it: wasmote (engine_wasmote.c), or one that it is compared with
 * (engine_wasm3.c, and in Rust xtask/rivals). One module at a time, in this order, each step once:
 * engine_start, engine_load, engine_instantiate, engine_call, engine_end. */
#ifndef ENGINE_H
#define ENGINE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes ready what does not depend on a module. A step that fails returns false, and nothing may follow it but
 * engine_why and engine_end. */
bool engine_start(void);
/* Validates all of the module and compiles it; the bytes stay where they are. */
bool engine_load(const uint8_t *wasm, size_t length);
/* Makes an instance, with an env.tick that returns its argument plus one, and finds the function to call, of type
 * (i32) -> i32. */
bool engine_instantiate(const char *export_name);
bool engine_call(int32_t argument, int32_t *result);
void engine_end(void);

/* Ends the call that runs, from an interrupt service routine. NULL if the engine has no such function. */
void engine_interrupt(void) __attribute__((weak));

/* Why a step failed. */
const char *engine_why(void);

/* Heap that is held now, and the most since engine_start, without linear memory and the stack for values. */
size_t engine_heap(void);
size_t engine_heap_peak(void);
/* Bytes of code made for the module, as far as the engine tells; otherwise 0. */
size_t engine_code_bytes(void);

#endif
