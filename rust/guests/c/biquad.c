/* A fourth-order low-pass of two f32 biquads (direct form 2, transposed): what a signal path does. */
#include "guest.h"

struct biquad {
	float b0, b1, b2, a1, a2;
	float s1, s2;
};

static float step(struct biquad *f, float x)
{
	float y = f->b0 * x + f->s1;

	f->s1 = f->b1 * x - f->a1 * y + f->s2;
	f->s2 = f->b2 * x - f->a2 * y;
	return y;
}

/* Filters that many noisy samples of a square wave; the outputs, in steps of 1/64, are summed up. */
EXPORT(run) int32_t guest_biquad_run(int32_t samples)
{
	/* Butterworth, cut off at a twentieth of the sample rate. */
	struct biquad first = {0.01903683f, 0.03807366f, 0.01903683f, -1.47967422f, 0.55582154f, 0, 0};
	struct biquad second = {0.02188385f, 0.04376770f, 0.02188385f, -1.70096433f, 0.78849974f, 0, 0};
	uint32_t seed = 521288629u;
	uint32_t sum = 0;

	for (int32_t i = 0; i < samples; i++) {
		float x = (i & 64) ? 900.0f : -900.0f;

		x += (float)(int32_t)(next_random(&seed) & 0xFF);
		sum = fold(sum, (uint32_t)(int32_t)(step(&second, step(&first, x)) * 64.0f));
	}
	return (int32_t)sum;
}
