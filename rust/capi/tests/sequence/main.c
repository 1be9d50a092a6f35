/* Runs sequences: of the files given, or so many at random if the argument is a number. */
#include "sequence.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next(void)
{
    uint64_t z = state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int main(int argc, char **argv)
{
    static uint8_t bytes[4096];
    unsigned long count = 0, number;
    char *end = NULL;
    size_t size, i;
    int arg;

    for (arg = 1; arg < argc; arg++) {
        count = strtoul(argv[arg], &end, 10);
        if (*end == 0) {
            for (number = 0; number < count; number++) {
                state = number;
                size = next() % 1000;
                for (i = 0; i < size; i++) {
                    bytes[i] = (uint8_t)(next() >> 56);
                }
                sequence(bytes, size);
            }
        } else {
            FILE *file = fopen(argv[arg], "rb");

            if (file == NULL) {
                fprintf(stderr, "%s cannot be read\n", argv[arg]);
                return EXIT_FAILURE;
            }
            size = fread(bytes, 1, sizeof(bytes), file);
            fclose(file);
            sequence(bytes, size);
        }
    }
    printf("%d arguments\n", argc - 1);
    return EXIT_SUCCESS;
}
