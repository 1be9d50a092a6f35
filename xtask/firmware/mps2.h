/* The little that a measuring firmware needs of its board. */
#ifndef MPS2_H
#define MPS2_H
#include <stddef.h>
#include <stdint.h>

/* Starts the console and the counter. */
void board_init(void);
void board_write(const char *text, size_t length);
void board_text(const char *text);
/* A number in base 10 or 16, behind a character. */
void board_number(char before, int64_t number, unsigned base);
/* Forgets how deep the stack was. */
void board_stack_forget(void);
/* Bytes below the caller's frame that the stack has had since then, at most BOARD_STACK_WATCHED. */
size_t board_stack_used(void);
#define BOARD_STACK_WATCHED (64 * 1024)
/* Ends the emulator. */
_Noreturn void board_exit(int code);
/* Instructions since board_init under `-icount shift=0`, in steps of 40. */
uint64_t board_instructions(void);
/* Calls the handler in an interrupt service routine after so many instructions, once. 0: never, after all. */
void board_interrupt_after(uint64_t instructions, void (*handler)(void));

#endif
