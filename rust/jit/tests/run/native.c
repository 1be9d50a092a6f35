/* Runs the native twin of a guest, for a profiler. */
#include <stdint.h>

int32_t RUN(int32_t n);

int main(void)
{
	volatile int32_t n = N;

	return RUN(n) != (int32_t)RESULT;
}
