/* Montgomery multiplication of 256-bit numbers, the heart of public-key signatures: 64-bit products and carries. */
#include "guest.h"

#define LIMBS 8

/* The prime of P-256: 2^256 - 2^224 + 2^192 + 2^96 - 1. */
static const uint32_t modulus[LIMBS] = {
	0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0, 0, 1, 0xFFFFFFFF,
};
/* -1 / modulus, modulo 2^32. */
#define NEGATIVE_INVERSE 1u

/* to = a * b / 2^256, modulo the modulus; to may be a or b. Interleaved: multiply by a limb, reduce by a limb. */
static void multiply(uint32_t *to, const uint32_t *a, const uint32_t *b)
{
	uint32_t t[LIMBS + 2] = {0};
	uint32_t borrow = 0, keep;
	uint32_t reduced[LIMBS];

	for (int i = 0; i < LIMBS; i++) {
		uint64_t carry = 0;
		uint32_t factor;

		for (int j = 0; j < LIMBS; j++) {
			carry += (uint64_t)a[j] * b[i] + t[j];
			t[j] = (uint32_t)carry;
			carry >>= 32;
		}
		carry += t[LIMBS];
		t[LIMBS] = (uint32_t)carry;
		t[LIMBS + 1] = (uint32_t)(carry >> 32);

		factor = t[0] * NEGATIVE_INVERSE;
		carry = ((uint64_t)factor * modulus[0] + t[0]) >> 32;
		for (int j = 1; j < LIMBS; j++) {
			carry += (uint64_t)factor * modulus[j] + t[j];
			t[j - 1] = (uint32_t)carry;
			carry >>= 32;
		}
		carry += t[LIMBS];
		t[LIMBS - 1] = (uint32_t)carry;
		t[LIMBS] = t[LIMBS + 1] + (uint32_t)(carry >> 32);
	}

	/* Subtract the modulus if the result is not below it; without a branch, as a signature would. */
	for (int i = 0; i < LIMBS; i++) {
		uint64_t difference = (uint64_t)t[i] - modulus[i] - borrow;

		reduced[i] = (uint32_t)difference;
		borrow = (uint32_t)(difference >> 32) & 1;
	}
	keep = 0u - (borrow & (t[LIMBS] ^ 1));
	for (int i = 0; i < LIMBS; i++) {
		to[i] = (t[i] & keep) | (reduced[i] & ~keep);
	}
}

/* Squares and multiplies in turn, as an exponentiation does; the lowest limb of the last product. */
EXPORT(run) int32_t guest_montgomery_run(int32_t multiplications)
{
	uint32_t x[LIMBS], base[LIMBS];
	uint32_t seed = 314159265u;

	for (int i = 0; i < LIMBS; i++) {
		x[i] = base[i] = next_random(&seed);
	}
	/* Below the modulus, as both factors must be. */
	x[LIMBS - 1] = base[LIMBS - 1] >>= 1;
	for (int32_t i = 0; i < multiplications; i++) {
		multiply(x, x, (i & 1) ? base : x);
	}
	return (int32_t)x[0];
}
