/* The little that a measuring firmware needs of its board. */
#ifndef BOARD_H
#define BOARD_H
#include <stddef.h>
#include <stdint.h>

/* Starts the console and the counter. */
void board_init(void);
void board_write(const char *text, size_t length);
/* Ends the emulator. */
_Noreturn void board_exit(int code);
/* Instructions since some moment under `-icount shift=0`; on the MPS2 since board_init, in steps of 40. */
uint64_t board_instructions(void);
/* Calls the handler in an interrupt service routine after so many instructions, once. 0: never, after all. */
void board_interrupt_after(uint64_t instructions, void (*handler)(void));

/* Of console.c, on every board. */
void board_text(const char *text);
/* A number in base 10 or 16, behind a character. */
void board_number(char before, int64_t number, unsigned base);

/* Of stack.c: forgets how deep the stack was. */
void board_stack_forget(void);
/* Bytes below the caller's frame that the stack has had since then, at most BOARD_STACK_WATCHED. */
size_t board_stack_used(void);
#define BOARD_STACK_WATCHED (64 * 1024)

#endif
