/* The native twin of a guest, as a program of this machine: prints what it gives for a number. */
#include <stdio.h>
#include <stdlib.h>

#include "guests.h"

/* What host_call imports. */
int32_t guest_host_tick(int32_t value)
{
	return value + 1;
}

int main(int count, char **arguments)
{
	if (count != 2) {
		return 2;
	}
	printf("%d\n", (int)RUN(atoi(arguments[1])));
	return 0;
}
