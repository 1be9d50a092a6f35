/*
 * A spectrum in fixed point: 256 samples in Q15, halved at every stage so that nothing overflows, and the loudest
 * line. Vibration is watched like this where there is no FPU.
 */
#include "guest.h"

#define LOG2 8
#define N (1 << LOG2)

/* Three quarters of a period: the cosine is a quarter further on. */
static int16_t sine[N * 3 / 4];
static int16_t re[N], im[N];

static int32_t rotate(int32_t a, int32_t b, int32_t c, int32_t d)
{
	return (int32_t)(((int64_t)a * b + (int64_t)c * d) >> 30);
}

/* Turns a pointer of length one by a step at a time, in Q30. */
static void prepare(void)
{
	const int32_t step_cos = 1073418433, step_sin = 26350943;
	int32_t cos = 1 << 30, sin = 0;

	for (int i = 0; i < N * 3 / 4; i++) {
		int32_t value = sin / (1 << 15), save = cos;

		sine[i] = (int16_t)(value > 32767 ? 32767 : value);
		cos = rotate(cos, step_cos, -sin, step_sin);
		sin = rotate(sin, step_cos, save, step_sin);
	}
}

static int16_t tone(uint32_t phase)
{
	phase &= N - 1;
	return phase < N / 2 ? sine[phase] : (int16_t)-sine[phase - N / 2];
}

static uint32_t reversed(uint32_t index)
{
	uint32_t result = 0;

	for (int bit = 0; bit < LOG2; bit++) {
		result = (result << 1) | (index & 1);
		index >>= 1;
	}
	return result;
}

static void transform(void)
{
	for (uint32_t i = 0; i < N; i++) {
		uint32_t j = reversed(i);

		if (i < j) {
			int16_t t = re[i];

			re[i] = re[j];
			re[j] = t;
			t = im[i];
			im[i] = im[j];
			im[j] = t;
		}
	}
	for (int half = 1, step = N / 2; half < N; half <<= 1, step >>= 1) {
		for (int k = 0; k < half; k++) {
			int32_t cos = sine[k * step + N / 4], sin = -sine[k * step];

			for (int i = k; i < N; i += 2 * half) {
				int j = i + half;
				int32_t x = (cos * re[j] - sin * im[j]) >> 15;
				int32_t y = (cos * im[j] + sin * re[j]) >> 15;

				re[j] = (int16_t)((re[i] - x) >> 1);
				im[j] = (int16_t)((im[i] - y) >> 1);
				re[i] = (int16_t)((re[i] + x) >> 1);
				im[i] = (int16_t)((im[i] + y) >> 1);
			}
		}
	}
}

/* So many spectra of two tones in noise, one of which rises from each to the next. */
EXPORT(run) int32_t guest_fft_run(int32_t rounds)
{
	uint32_t seed = 88172645u;
	uint32_t sum = 0;

	prepare();
	for (int32_t round = 0; round < rounds; round++) {
		uint32_t rising = 3 + ((uint32_t)round & 63), loudest = 0, most = 0;

		for (uint32_t i = 0; i < N; i++) {
			int32_t noise = (int32_t)(next_random(&seed) & 0xFFF) - 0x800;

			re[i] = (int16_t)(tone(i * rising) / 2 + tone(i * 29) / 8 + noise);
			im[i] = 0;
		}
		transform();
		for (uint32_t i = 1; i < N / 2; i++) {
			uint32_t power = (uint32_t)(re[i] * re[i]) + (uint32_t)(im[i] * im[i]);

			sum = fold(sum, power);
			if (power > most) {
				most = power;
				loudest = i;
			}
		}
		if (loudest != rising) {
			return -1;
		}
	}
	return (int32_t)sum;
}
