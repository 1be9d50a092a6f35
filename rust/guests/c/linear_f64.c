/* Linear equations in f64 by Gaussian elimination with partial pivoting. */
#include "guest.h"

#define N 10

static double a[N][N + 1], x[N];

static double magnitude(double value)
{
	return value < 0 ? -value : value;
}

static void solve(void)
{
	for (int col = 0; col < N; col++) {
		int pivot = col;

		for (int i = col + 1; i < N; i++) {
			if (magnitude(a[i][col]) > magnitude(a[pivot][col])) {
				pivot = i;
			}
		}
		for (int j = col; j <= N; j++) {
			double t = a[pivot][j];

			a[pivot][j] = a[col][j];
			a[col][j] = t;
		}
		for (int i = col + 1; i < N; i++) {
			double factor = a[i][col] / a[col][col];

			for (int j = col; j <= N; j++) {
				a[i][j] -= factor * a[col][j];
			}
		}
	}
	for (int i = N - 1; i >= 0; i--) {
		double value = a[i][N];

		for (int j = i + 1; j < N; j++) {
			value -= a[i][j] * x[j];
		}
		x[i] = value / a[i][i];
	}
}

/*
 * The right sides are made from the solution 1, 2, 3 ..., so the rounded result is known: only the part of it
 * below the rounding, which is added as a count of units of 2^-40, depends on every operation.
 */
EXPORT(run) int32_t guest_linear_f64_run(int32_t rounds)
{
	uint32_t seed = 987654321u;
	uint32_t sum = 0;

	for (int32_t round = 0; round < rounds; round++) {
		for (int i = 0; i < N; i++) {
			a[i][N] = 0;
			for (int j = 0; j < N; j++) {
				a[i][j] = (double)(int32_t)(next_random(&seed) & 0xFFF) - 2048.0;
				a[i][N] += a[i][j] * (j + 1);
			}
		}
		solve();
		for (int i = 0; i < N; i++) {
			double error = x[i] - (i + 1);

			if (magnitude(error) > 1e-6) {
				return -1;
			}
			sum = fold(sum, (uint32_t)(i + 1) + (uint32_t)(int32_t)(error * 1099511627776.0));
		}
	}
	return (int32_t)sum;
}
