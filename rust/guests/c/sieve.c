/* The sieve of Eratosthenes: byte stores in short loops. */
#include "guest.h"

#define LIMIT 8192

static uint8_t composite[LIMIT];

static uint32_t sieve(void)
{
	uint32_t sum = 0;

	for (int32_t i = 0; i < LIMIT; i++) {
		composite[i] = 0;
	}
	for (int32_t i = 2; i < LIMIT; i++) {
		if (composite[i]) {
			continue;
		}
		sum += (uint32_t)i;
		for (int32_t j = i + i; j < LIMIT; j += i) {
			composite[j] = 1;
		}
	}
	return sum;
}

/* The sum of the primes below LIMIT, once for every round. */
EXPORT(run) int32_t guest_sieve_run(int32_t rounds)
{
	uint32_t sum = 0;

	for (int32_t i = 0; i < rounds; i++) {
		sum += sieve();
	}
	return (int32_t)sum;
}
