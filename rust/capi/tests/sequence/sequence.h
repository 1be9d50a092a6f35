/* Called by main.c here, and by the fuzzer. */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include <stddef.h>
#include <stdint.h>

void sequence(const uint8_t *data, size_t size);

#endif
