/* How deep the native stack gets. */
#include "board.h"

/* What is on the stack below the caller has this value as long as nobody writes there. */
#define UNTOUCHED 0x5EED57AC

__attribute__((noinline)) void board_stack_forget(void)
{
	uint32_t *top = __builtin_frame_address(0);

	/* A few words are this function's own. */
	for (volatile uint32_t *at = top - BOARD_STACK_WATCHED / sizeof(*at); at < top - 16; at++) {
		*at = UNTOUCHED;
	}
}

__attribute__((noinline)) size_t board_stack_used(void)
{
	uint32_t *top = __builtin_frame_address(0);
	const volatile uint32_t *at = top - BOARD_STACK_WATCHED / sizeof(*at);

	while (at < top && *at == UNTOUCHED) {
		at++;
	}
	return (size_t)((const char *)top - (const volatile char *)at);
}
