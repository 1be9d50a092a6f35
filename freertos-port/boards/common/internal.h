/* Between the files of one board; programs include board.h. */
#ifndef WASMOTE_BOARD_INTERNAL_H
#define WASMOTE_BOARD_INTERNAL_H
#include "board.h"

/* Implemented by each machine. */
void board_putc(char character);
uintptr_t board_mask_interrupts(void);            /* all of them; returns what to restore */
void board_restore_interrupts(uintptr_t previous);
void board_wait_for_interrupt(void);
uintptr_t board_semihosting(uintptr_t operation, const uintptr_t *block); /* a call to the emulator */

/* Implemented in common.c: copies .data, clears .bss, runs main and leaves. */
_Noreturn void board_run(void);
void board_machine_init(void);                    /* by the machine, called once memory is ready */

/* Called by configASSERT. */
_Noreturn void board_assert_failed(const char *file, int line);

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#endif
