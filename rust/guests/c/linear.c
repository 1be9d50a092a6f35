/*
 * Linear equations over the integers modulo a prime, by Gaussian elimination: division, remainder and nested
 * loops, all in 32 bits and exact.
 */
#include "guest.h"

#define N 12
/* The largest prime whose residues' products fit 32 bits. */
#define PRIME 65521u

static uint32_t a[N][N + 1], copy[N][N + 1], x[N];

/* Euclid's algorithm, extended. */
static uint32_t inverse(uint32_t value)
{
	int32_t t = 0, next_t = 1;
	int32_t r = (int32_t)PRIME, next_r = (int32_t)value;

	while (next_r != 0) {
		int32_t quotient = r / next_r;
		int32_t save = next_t;

		next_t = t - quotient * next_t;
		t = save;
		save = next_r;
		next_r = r - quotient * next_r;
		r = save;
	}
	return (uint32_t)(t < 0 ? t + (int32_t)PRIME : t);
}

/* Solves a * x = the last column of a; 0 if there is no single solution. */
static int solve(void)
{
	for (int col = 0; col < N; col++) {
		int pivot = col;
		uint32_t scale;

		while (a[pivot][col] == 0) {
			if (++pivot == N) {
				return 0;
			}
		}
		for (int j = col; j <= N; j++) {
			uint32_t t = a[pivot][j];

			a[pivot][j] = a[col][j];
			a[col][j] = t;
		}
		scale = inverse(a[col][col]);
		for (int j = col; j <= N; j++) {
			a[col][j] = a[col][j] * scale % PRIME;
		}
		for (int i = col + 1; i < N; i++) {
			uint32_t factor = PRIME - a[i][col];

			for (int j = col; j <= N; j++) {
				a[i][j] = (a[i][j] + factor * a[col][j] % PRIME) % PRIME;
			}
		}
	}
	for (int i = N - 1; i >= 0; i--) {
		uint32_t value = a[i][N];

		for (int j = i + 1; j < N; j++) {
			value = (value + (PRIME - a[i][j]) * x[j] % PRIME) % PRIME;
		}
		x[i] = value;
	}
	return 1;
}

/* Puts the solution back into the equations. */
static int holds(void)
{
	for (int i = 0; i < N; i++) {
		uint32_t left = 0;

		for (int j = 0; j < N; j++) {
			left = (left + copy[i][j] * x[j] % PRIME) % PRIME;
		}
		if (left != copy[i][N]) {
			return 0;
		}
	}
	return 1;
}

/* A checksum of all solutions, -1 if one is wrong. */
EXPORT(run) int32_t guest_linear_run(int32_t rounds)
{
	uint32_t seed = 123456789u;
	uint32_t sum = 0;

	for (int32_t round = 0; round < rounds; round++) {
		for (int i = 0; i < N; i++) {
			for (int j = 0; j <= N; j++) {
				a[i][j] = copy[i][j] = next_random(&seed) % PRIME;
			}
		}
		if (!solve()) {
			continue;
		}
		if (!holds()) {
			return -1;
		}
		for (int i = 0; i < N; i++) {
			sum = fold(sum, x[i]);
		}
	}
	return (int32_t)sum;
}
