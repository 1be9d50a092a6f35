/* Start, console, counter and end of a program on QEMU's RISC-V `virt` machine of 32 bits, without any RTOS. */
#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART_THR (*(volatile uint8_t *)0x10000000)
#define UART_LSR (*(volatile uint8_t *)0x10000005)
#define UART_THR_EMPTY 0x20
#define TEST_FINISHER REGISTER(0x00100000)
#define FINISHER_PASS 0x5555u
#define FINISHER_FAIL 0x3333u
/* At 10 MHz: an instruction takes 1 ns. */
#define MTIME REGISTER(0x0200BFF8)
#define MTIMECMP_LOW REGISTER(0x02004000)
#define MTIMECMP_HIGH REGISTER(0x02004004)
#define INSTRUCTIONS_A_TICK 100
#define TIMER_INTERRUPT 0x80000007u
#define MIE_TIMER 0x80u

extern uint32_t bss_start[], bss_end[];
int main(void);

/* The first instruction; the machine loads the whole image, initial values of variables included. */
__asm(".section .vectors, \"ax\"\n"
      ".global reset\n"
      "reset:\n"
      ".option push\n"
      ".option norelax\n"
      "la gp, __global_pointer$\n"
      ".option pop\n"
      "la sp, stack_top\n"
      "la t0, trap\n"
      "csrw mtvec, t0\n"
      "j start\n"
      ".text");

/* Loops that the compiler must not turn into calls: nothing is set up yet. */
__attribute__((used, optimize("no-tree-loop-distribute-patterns"))) static void start(void)
{
	for (uint32_t *to = bss_start; to < bss_end;) {
		*to++ = 0;
	}
	board_exit(main());
}

static void (*alarm)(void);

__attribute__((used, aligned(4), interrupt("machine"))) static void trap(void)
{
	uint32_t cause, at;

	__asm volatile("csrr %0, mcause\n csrr %1, mepc" : "=r"(cause), "=r"(at));
	if (cause == TIMER_INTERRUPT) {
		__asm volatile("csrc mie, %0" ::"r"(MIE_TIMER));
		alarm();
		return;
	}
	board_text("fault");
	board_number(' ', cause, 16);
	board_number(' ', at, 16);
	board_text("\n");
	board_exit(1);
}

void board_init(void)
{
}

void board_write(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		while (!(UART_LSR & UART_THR_EMPTY)) {
		}
		UART_THR = (uint8_t)text[i];
	}
}

void board_exit(int code)
{
	code &= 0xFF;
	TEST_FINISHER = code == 0 ? FINISHER_PASS : (uint32_t)code << 16 | FINISHER_FAIL;
	for (;;) {
	}
}

uint64_t board_instructions(void)
{
	uint32_t high, low, again;

	do {
		__asm volatile("csrr %0, minstreth\n csrr %1, minstret\n csrr %2, minstreth"
			       : "=r"(high), "=r"(low), "=r"(again));
	} while (high != again);
	return (uint64_t)high << 32 | low;
}

/* The low half of the clock lasts for seven emulated minutes. */
void board_interrupt_after(uint64_t instructions, void (*handler)(void))
{
	__asm volatile("csrc mie, %0" ::"r"(MIE_TIMER));
	if (instructions == 0) {
		return;
	}
	alarm = handler;
	MTIMECMP_HIGH = 0;
	MTIMECMP_LOW = MTIME + (uint32_t)instructions / INSTRUCTIONS_A_TICK + 1;
	__asm volatile("csrs mie, %0\n csrsi mstatus, 8" ::"r"(MIE_TIMER) : "memory");
}
