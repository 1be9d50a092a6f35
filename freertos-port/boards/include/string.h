/* The part of <string.h> that a firmware without a C library has. wasmote's archive defines the first ones (Rust's
 * compiler_builtins), the boards' memory.c where there is no such archive; strings.c has the others. */
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

void *memchr(const void *bytes, int byte, size_t size);
int strcmp(const char *left, const char *right);
char *strstr(const char *text, const char *part);
#ifdef __cplusplus
}
#endif
#endif
