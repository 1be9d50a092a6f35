/* Fibonacci numbers by plain recursion: the cost of a call. */
#include "guest.h"

static int32_t fib(int32_t n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

EXPORT(run) int32_t guest_fib_run(int32_t n)
{
	return fib(n);
}
