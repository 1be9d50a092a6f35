/* What tests use of <string.h>, beyond what compilers call (memory.c). */
#include <string.h>

void *memchr(const void *bytes, int byte, size_t size)
{
    const unsigned char *at = bytes;
    for (; size > 0; size--, at++) {
        if (*at == (unsigned char)byte) {
            return (void *)at;
        }
    }
    return NULL;
}

int strcmp(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return (unsigned char)*left - (unsigned char)*right;
}

char *strstr(const char *text, const char *part)
{
    const size_t length = strlen(part);
    for (size_t rest = strlen(text); rest >= length; rest--, text++) {
        if (memcmp(text, part, length) == 0) {
            return (char *)text;
        }
    }
    return NULL;
}
