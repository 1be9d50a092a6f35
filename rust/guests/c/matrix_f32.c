/* The product of two matrices of single floats. All values are small multiples of 1/16 and sums stay exact. */
#include "guest.h"

#define N 20

static float a[N][N], b[N][N], c[N][N];

static void prepare(void)
{
	uint32_t seed = 362436069u;

	for (int i = 0; i < N; i++) {
		for (int j = 0; j < N; j++) {
			a[i][j] = (float)(next_random(&seed) & 0xFF) / 16;
			b[i][j] = (float)(next_random(&seed) & 0xFF) / 16;
		}
	}
}

static void multiply(void)
{
	for (int i = 0; i < N; i++) {
		for (int j = 0; j < N; j++) {
			float sum = 0;

			for (int k = 0; k < N; k++) {
				sum += a[i][k] * b[k][j];
			}
			c[i][j] = sum;
		}
	}
}

EXPORT(run) int32_t guest_matrix_f32_run(int32_t rounds)
{
	uint32_t sum = 0;

	prepare();
	for (int32_t round = 0; round < rounds; round++) {
		multiply();
		for (int i = 0; i < N; i++) {
			for (int j = 0; j < N; j++) {
				sum = fold(sum, (uint32_t)(int32_t)(c[i][j] * 256));
			}
		}
		/* The next product is another one. */
		a[round % N][round % N] += 1;
	}
	return (int32_t)sum;
}
