/* Heapsort and quicksort of the same numbers: branches that cannot be foreseen, and recursion. */
#include "guest.h"

#define N 512

static int32_t numbers[N];

static void swap(int32_t *a, int32_t *b)
{
	int32_t t = *a;

	*a = *b;
	*b = t;
}

static void sift_down(int32_t *v, int32_t root, int32_t end)
{
	for (;;) {
		int32_t child = 2 * root + 1;

		if (child >= end) {
			return;
		}
		if (child + 1 < end && v[child] < v[child + 1]) {
			child++;
		}
		if (v[root] >= v[child]) {
			return;
		}
		swap(&v[root], &v[child]);
		root = child;
	}
}

static void heapsort(int32_t *v, int32_t count)
{
	for (int32_t i = count / 2 - 1; i >= 0; i--) {
		sift_down(v, i, count);
	}
	for (int32_t end = count - 1; end > 0; end--) {
		swap(&v[0], &v[end]);
		sift_down(v, 0, end);
	}
}

static void quicksort(int32_t *v, int32_t low, int32_t high)
{
	while (low < high) {
		int32_t pivot = v[low + (high - low) / 2];
		int32_t i = low, j = high;

		while (i <= j) {
			while (v[i] < pivot) {
				i++;
			}
			while (v[j] > pivot) {
				j--;
			}
			if (i <= j) {
				swap(&v[i++], &v[j--]);
			}
		}
		/* Recursion into the smaller part bounds the depth. */
		if (j - low < high - i) {
			quicksort(v, low, j);
			low = i;
		} else {
			quicksort(v, i, high);
			high = j;
		}
	}
}

static void shuffle(uint32_t seed)
{
	for (int i = 0; i < N; i++) {
		numbers[i] = (int32_t)next_random(&seed);
	}
}

/* A checksum that only a sorted array has; 0 tells that it is not sorted. */
static uint32_t checked_sum(void)
{
	uint32_t sum = 1;

	for (int i = 0; i < N; i++) {
		if (i > 0 && numbers[i - 1] > numbers[i]) {
			return 0;
		}
		sum = fold(sum, (uint32_t)numbers[i]);
	}
	return sum;
}

/* -1 if the two disagree or one did not sort. */
EXPORT(run) int32_t guest_sort_run(int32_t rounds)
{
	uint32_t sum = 0;

	for (int32_t round = 0; round < rounds; round++) {
		uint32_t seed = 88675123u + (uint32_t)round;
		uint32_t by_heap;

		shuffle(seed);
		heapsort(numbers, N);
		by_heap = checked_sum();
		shuffle(seed);
		quicksort(numbers, 0, N - 1);
		if (by_heap == 0 || checked_sum() != by_heap) {
			return -1;
		}
		sum += by_heap;
	}
	return (int32_t)sum;
}
