/* The memory functions that compilers call, for programs that have neither a C library nor wasmote's archive. */
#include <stdint.h>
#include <string.h>

void *memcpy(void *to, const void *from, size_t size)
{
    uint8_t *target = to;
    const uint8_t *source = from;
    while (size-- > 0) {
        *target++ = *source++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size) { /* also when `to` is below `from` */
        return memcpy(to, from, size);
    }
    uint8_t *target = to;
    const uint8_t *source = from;
    while (size-- > 0) {
        target[size] = source[size];
    }
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    uint8_t *target = to;
    while (size-- > 0) {
        *target++ = (uint8_t)byte;
    }
    return to;
}

int memcmp(const void *left, const void *right, size_t size)
{
    const uint8_t *a = left, *b = right;
    for (; size > 0; size--, a++, b++) {
        if (*a != *b) {
            return *a - *b;
        }
    }
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}
