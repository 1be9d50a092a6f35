/* What every C guest needs: the same source is a WebAssembly guest and its native twin. */
#ifndef GUEST_H
#define GUEST_H

#include "../native/guests.h"

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name)))
#define IMPORT(module, name) __attribute__((import_module(#module), import_name(#name)))
#else
#define EXPORT(name)
#define IMPORT(module, name)
#endif

/* Test data that no compiler can know beforehand: Marsaglia's xorshift32. */
static inline uint32_t next_random(uint32_t *state)
{
	uint32_t x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

/* Folds a word into a running checksum; the order of the words matters. */
static inline uint32_t fold(uint32_t sum, uint32_t word)
{
	return ((sum << 5) | (sum >> 27)) ^ word;
}

#endif
