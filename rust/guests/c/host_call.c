/* Nothing but calls of a host function: env.tick, which returns its argument plus one. */
#include "guest.h"

IMPORT(env, tick) int32_t guest_host_tick(int32_t value);

EXPORT(run) int32_t guest_host_call_run(int32_t calls)
{
	int32_t value = 0;

	for (int32_t i = 0; i < calls; i++) {
		value = guest_host_tick(value ^ i);
	}
	return value;
}
