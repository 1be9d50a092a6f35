/* The part of <string.h> that a firmware without a C library has: wasmote's archive defines these (Rust's
 * compiler_builtins), the boards' memory.c where there is no such archive. */
#ifndef WASMOTE_BOARD_STRING_H
#define WASMOTE_BOARD_STRING_H
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif
void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *text);
#ifdef __cplusplus
}
#endif
#endif
