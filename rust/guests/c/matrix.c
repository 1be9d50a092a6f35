/* The product of two integer matrices: multiply, add and addresses. */
#include "guest.h"

#define N 20

static int32_t a[N][N], b[N][N], c[N][N];

static void prepare(void)
{
	uint32_t seed = 362436069u;

	for (int i = 0; i < N; i++) {
		for (int j = 0; j < N; j++) {
			a[i][j] = (int32_t)(next_random(&seed) & 0xFF);
			b[i][j] = (int32_t)(next_random(&seed) & 0xFF);
		}
	}
}

static void multiply(void)
{
	for (int i = 0; i < N; i++) {
		for (int j = 0; j < N; j++) {
			int32_t sum = 0;

			for (int k = 0; k < N; k++) {
				sum += a[i][k] * b[k][j];
			}
			c[i][j] = sum;
		}
	}
}

EXPORT(run) int32_t guest_matrix_run(int32_t rounds)
{
	uint32_t sum = 0;

	prepare();
	for (int32_t round = 0; round < rounds; round++) {
		multiply();
		for (int i = 0; i < N; i++) {
			for (int j = 0; j < N; j++) {
				sum = fold(sum, (uint32_t)c[i][j]);
			}
		}
		/* The next product is another one. */
		a[round % N][round % N] += 1;
	}
	return (int32_t)sum;
}
