/*
 * The filter of biquad.c in fixed point, for CPUs without an FPU: samples in Q31, coefficients in Q30, sums of 64
 * bits, results that saturate (direct form 1).
 */
#include "guest.h"

struct biquad {
	int32_t b0, b1, b2, a1, a2;
	int32_t x1, x2, y1, y2;
};

static int32_t saturated(int64_t value)
{
	if (value > INT32_MAX) {
		return INT32_MAX;
	}
	return value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

static int32_t step(struct biquad *f, int32_t x)
{
	int64_t sum = (int64_t)f->b0 * x;

	sum += (int64_t)f->b1 * f->x1;
	sum += (int64_t)f->b2 * f->x2;
	sum -= (int64_t)f->a1 * f->y1;
	sum -= (int64_t)f->a2 * f->y2;
	f->x2 = f->x1;
	f->x1 = x;
	f->y2 = f->y1;
	return f->y1 = saturated(sum >> 30);
}

/* Filters that many noisy samples of a square wave near full scale, whose overshoot saturates. */
EXPORT(run) int32_t guest_biquad_q31_run(int32_t samples)
{
	struct biquad first = {20440641, 40881281, 20440641, -1588788096, 596808834, 0, 0, 0, 0};
	struct biquad second = {23497605, 46995210, 23497605, -1826396542, 846645149, 0, 0, 0, 0};
	uint32_t seed = 521288629u;
	uint32_t sum = 0;

	for (int32_t i = 0; i < samples; i++) {
		int32_t x = (i & 64) ? 0x7F000000 : -0x7F000000;

		x += (int32_t)(next_random(&seed) & 0xFFFFFF);
		sum = fold(sum, (uint32_t)step(&second, step(&first, x)));
	}
	return (int32_t)sum;
}
