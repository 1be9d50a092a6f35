/* Start, console, counter and end of a program on the MPS2 without any RTOS. */
#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART_DATA REGISTER(0x40004000)
#define UART_STATE REGISTER(0x40004004)
#define UART_CTRL REGISTER(0x40004008)
#define UART_BAUDDIV REGISTER(0x40004010)
#define TIMER_CTRL REGISTER(0x40000000)
#define TIMER_VALUE REGISTER(0x40000004)
#define TIMER_RELOAD REGISTER(0x40000008)
#define ALARM_CTRL REGISTER(0x40001000)
#define ALARM_VALUE REGISTER(0x40001004)
#define ALARM_RELOAD REGISTER(0x40001008)
#define ALARM_CLEAR REGISTER(0x4000100C)
#define ALARM_IRQ 9
#define NVIC_ENABLE REGISTER(0xE000E100)
#define SCB_CPACR REGISTER(0xE000ED88)

extern uint32_t data_start[], data_end[], data_load[], bss_start[], bss_end[], stack_top[];
int main(void);

/* Loops that the compiler must not turn into calls: nothing is set up yet. */
__attribute__((optimize("no-tree-loop-distribute-patterns"))) void reset(void)
{
	const uint32_t *from = data_load;

	SCB_CPACR |= 0xFu << 20; /* the FPU on */
	__asm volatile("dsb\n isb" ::: "memory");
	for (uint32_t *to = data_start; to < data_end;) {
		*to++ = *from++;
	}
	for (uint32_t *to = bss_start; to < bss_end;) {
		*to++ = 0;
	}
	board_exit(main());
}

static void fault(void)
{
	board_write("fault\n", 6);
	board_exit(1);
}

static void (*alarm)(void);

static void alarm_handler(void)
{
	ALARM_CTRL = 0;
	ALARM_CLEAR = 1;
	alarm();
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16 + ALARM_IRQ + 1])(void) = {
	(void (*)(void))stack_top, reset, fault, fault, fault, fault, fault, [16 + ALARM_IRQ] = alarm_handler,
};

void board_init(void)
{
	UART_BAUDDIV = 16;
	UART_CTRL = 1;
	TIMER_RELOAD = UINT32_MAX;
	TIMER_VALUE = UINT32_MAX;
	TIMER_CTRL = 1;
}

void board_write(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		while (UART_STATE & 1) {
		}
		UART_DATA = (uint8_t)text[i];
	}
}

/* Semihosting's SYS_EXIT_EXTENDED. */
void board_exit(int code)
{
	const uint32_t application_exit[2] = {0x20026, (uint32_t)code & 0xFF};
	register uint32_t operation __asm("r0") = 0x20;
	register const uint32_t *block __asm("r1") = application_exit;

	__asm volatile("bkpt 0xAB" : "+r"(operation) : "r"(block) : "memory");
	for (;;) {
	}
}

/* The timer counts down at 25 MHz of emulated time, and an instruction takes 1 ns of it. */
uint64_t board_instructions(void)
{
	return (uint64_t)(UINT32_MAX - TIMER_VALUE) * 40;
}

/* The second timer, which runs as fast. */
void board_interrupt_after(uint64_t instructions, void (*handler)(void))
{
	ALARM_CTRL = 0;
	ALARM_CLEAR = 1;
	if (instructions == 0) {
		return;
	}
	alarm = handler;
	ALARM_RELOAD = 0;
	ALARM_VALUE = (uint32_t)(instructions / 40 + 1);
	NVIC_ENABLE = 1u << ALARM_IRQ;
	ALARM_CTRL = 9;
}
