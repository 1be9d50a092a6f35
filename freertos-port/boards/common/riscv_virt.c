/* QEMU's RISC-V `virt` machine, of 32 or 64 bits, one hart in machine mode. */
#include "FreeRTOS.h"
#include "task.h"

#include "internal.h"

/* 16550 UART */
#define UART_THR        (*(volatile uint8_t *)0x10000000u)
#define UART_LSR        (*(volatile uint8_t *)0x10000005u)
#define UART_THR_EMPTY  0x20u

/* Goldfish real-time clock in nanoseconds, with an alarm: it makes the ISR, as MTIME makes FreeRTOS' tick. */
#define RTC_TIME_LOW    REGISTER(0x00101000) /* read first: it latches the high word */
#define RTC_TIME_HIGH   REGISTER(0x00101004)
#define RTC_ALARM_LOW   REGISTER(0x00101008) /* written last: it arms the alarm */
#define RTC_ALARM_HIGH  REGISTER(0x0010100C)
#define RTC_IRQ_ENABLED REGISTER(0x00101010)
#define RTC_CLEAR_IRQ   REGISTER(0x0010101C)
#define RTC_IRQ         11u

/* Platform-level interrupt controller, context 0: hart 0 in machine mode */
#define PLIC_PRIORITY(irq) REGISTER(0x0C000000u + 4 * (irq))
#define PLIC_ENABLE     REGISTER(0x0C002000)
#define PLIC_THRESHOLD  REGISTER(0x0C200000)
#define PLIC_CLAIM      REGISTER(0x0C200004)

#define TEST_FINISHER   REGISTER(0x00100000)
#define FINISHER_PASS   0x5555u
#define FINISHER_FAIL   0x3333u

#define MSTATUS_MIE     8u
#define EXTERNAL_INTERRUPT ((uintptr_t)1 << (__riscv_xlen - 1) | 11u)

void board_machine_init(void)
{
    PLIC_PRIORITY(RTC_IRQ) = 1;
    PLIC_THRESHOLD = 0;
    PLIC_ENABLE = 1u << RTC_IRQ;
    RTC_IRQ_ENABLED = 1;
    /* FreeRTOS enables external interrupts in `mie` when the scheduler starts. */
}

void board_putc(char character)
{
    while (!(UART_LSR & UART_THR_EMPTY)) {
    }
    UART_THR = (uint8_t)character;
}

uintptr_t board_mask_interrupts(void)
{
    uintptr_t previous;
    __asm volatile("csrrci %0, mstatus, 8" : "=r"(previous)::"memory");
    return previous;
}

void board_restore_interrupts(uintptr_t previous)
{
    __asm volatile("csrs mstatus, %0" ::"r"(previous & MSTATUS_MIE) : "memory");
}

void board_wait_for_interrupt(void)
{
    __asm volatile("wfi" ::: "memory");
}

/* The emulator knows a call by the instructions around it, uncompressed and in one page. */
__attribute__((aligned(16), noinline)) uintptr_t board_semihosting(uintptr_t operation, const uintptr_t *block)
{
    register uintptr_t result __asm("a0") = operation;
    register const uintptr_t *argument __asm("a1") = block;
    __asm volatile(".option push\n"
                   ".option norvc\n"
                   ".balign 16\n"
                   "slli zero, zero, 0x1f\n"
                   "ebreak\n"
                   "srai zero, zero, 7\n"
                   ".option pop" : "+r"(result) : "r"(argument) : "memory");
    return result;
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
#if __riscv_xlen == 64
    uint64_t count;
    __asm volatile("csrr %0, minstret" : "=r"(count));
    return count;
#else
    uint32_t high, low, again;
    do {
        __asm volatile("csrr %0, minstreth" : "=r"(high));
        __asm volatile("csrr %0, minstret" : "=r"(low));
        __asm volatile("csrr %0, minstreth" : "=r"(again));
    } while (high != again);
    return (uint64_t)high << 32 | low;
#endif
}

static struct {
    void (*callback)(void *);
    void *argument;
} timer;

void board_timer_isr_after_us(uint32_t microseconds, void (*callback)(void *), void *argument)
{
    uintptr_t previous = board_mask_interrupts();
    timer.callback = callback;
    timer.argument = argument;
    uint32_t low = RTC_TIME_LOW;
    uint64_t alarm = ((uint64_t)RTC_TIME_HIGH << 32 | low) + (uint64_t)microseconds * 1000;
    RTC_ALARM_HIGH = (uint32_t)(alarm >> 32);
    RTC_ALARM_LOW = (uint32_t)alarm;
    board_restore_interrupts(previous);
}

static _Noreturn void fault(uintptr_t cause)
{
    uintptr_t pc, value;
    __asm volatile("csrr %0, mepc" : "=r"(pc));
    __asm volatile("csrr %0, mtval" : "=r"(value));
    board_printf("fault: mcause=0x%08lx mepc=0x%08lx mtval=0x%08lx\n", (unsigned long)cause, (unsigned long)pc,
                 (unsigned long)value);
    board_exit(1);
}

/* FreeRTOS calls these with its interrupt stack in use. */
void freertos_risc_v_application_exception_handler(void)
{
    uintptr_t cause;
    __asm volatile("csrr %0, mcause" : "=r"(cause));
    fault(cause);
}

void freertos_risc_v_application_interrupt_handler(uintptr_t cause)
{
    if (cause != EXTERNAL_INTERRUPT) {
        fault(cause);
    }
    uint32_t irq = PLIC_CLAIM;
    if (irq == RTC_IRQ) {
        RTC_CLEAR_IRQ = 1;
        timer.callback(timer.argument);
    }
    PLIC_CLAIM = irq;
}
