/* Arm MPS2 with a Cortex-M3 (AN385), M4F (AN386), M7 (AN500) or M33 (AN505), as QEMU emulates it. */
#include "FreeRTOS.h"
#include "task.h"

#include "internal.h"

/* CMSDK peripherals; the AN505 has them in its secure state */
#if __ARM_ARCH == 8
#define UART0           0x50200000u
#define TIMER0          0x50000000u /* counts instructions */
#define TIMER1          0x50001000u /* board_timer_isr_after_us */
#define TIMER1_IRQ      4u
#else
#define UART0           0x40004000u
#define TIMER0          0x40000000u
#define TIMER1          0x40001000u
#define TIMER1_IRQ      9u
#endif
#define UART0_DATA      REGISTER(UART0 + 0x0)
#define UART0_STATE     REGISTER(UART0 + 0x4)
#define UART0_CTRL      REGISTER(UART0 + 0x8)
#define UART0_BAUDDIV   REGISTER(UART0 + 0x10)
#define UART_TX_FULL    1u
#define UART_TX_ENABLE  1u

#define TIMER_CTRL(t)   REGISTER((t) + 0x0)
#define TIMER_VALUE(t)  REGISTER((t) + 0x4)
#define TIMER_RELOAD(t) REGISTER((t) + 0x8)
#define TIMER_CLEAR(t)  REGISTER((t) + 0xC)
#define TIMER_ENABLE    1u
#define TIMER_INTERRUPT 8u
#define TIMER_MHZ       (configCPU_CLOCK_HZ / 1000000u)

/* The core */
#define NVIC_ISER0      REGISTER(0xE000E100)
#define NVIC_PRIORITY(irq) (*(volatile uint8_t *)(uintptr_t)(0xE000E400u + (irq)))
#define SCB_CPACR       REGISTER(0xE000ED88)
#define SCB_CFSR        REGISTER(0xE000ED28)
#define SCB_BFAR        REGISTER(0xE000ED38)

extern uint32_t board_stack_top[];
void vPortSVCHandler(void);
void xPortPendSVHandler(void);
void xPortSysTickHandler(void);

void board_reset(void)
{
#ifdef __ARM_FP
    SCB_CPACR |= 0xFu << 20; /* before any function that may use the FPU */
    __asm volatile("dsb\n isb" ::: "memory");
#endif
    board_run();
}

void board_machine_init(void)
{
    UART0_BAUDDIV = 16;
    UART0_CTRL = UART_TX_ENABLE;

    TIMER_RELOAD(TIMER0) = UINT32_MAX;
    TIMER_VALUE(TIMER0) = UINT32_MAX;
    TIMER_CTRL(TIMER0) = TIMER_ENABLE;

    NVIC_PRIORITY(TIMER1_IRQ) = 0xC0; /* less urgent than configMAX_SYSCALL_INTERRUPT_PRIORITY */
    NVIC_ISER0 = 1u << TIMER1_IRQ;
}

void board_putc(char character)
{
    while (UART0_STATE & UART_TX_FULL) {
    }
    UART0_DATA = (uint8_t)character;
}

uintptr_t board_mask_interrupts(void)
{
    uintptr_t previous;
    __asm volatile("mrs %0, primask\n cpsid i" : "=r"(previous)::"memory");
    return previous;
}

void board_restore_interrupts(uintptr_t previous)
{
    __asm volatile("msr primask, %0" ::"r"(previous) : "memory");
}

/* Not WFI: under `-icount` QEMU 7.2 lets every second SysTick of a waiting core get lost. */
void board_wait_for_interrupt(void)
{
}

uintptr_t board_semihosting(uintptr_t operation, const uintptr_t *block)
{
    register uintptr_t result __asm("r0") = operation;
    register const uintptr_t *argument __asm("r1") = block;
    __asm volatile("bkpt 0xAB" : "+r"(result) : "r"(argument) : "memory");
    return result;
}

/* Semihosting's SYS_EXIT_EXTENDED, the one exit that carries a code on a 32-bit Arm. */
void board_exit(int code)
{
    const uintptr_t application_exit[2] = {0x20026, (uintptr_t)code & 0xFF};
    board_semihosting(0x20, application_exit);
    for (;;) {
    }
}

/* The timer runs at the clock's rate in emulated time, and under `-icount shift=0` an instruction takes 1 ns of it. */
uint64_t board_instructions(void)
{
    return (uint64_t)(UINT32_MAX - TIMER_VALUE(TIMER0)) * (1000u / TIMER_MHZ);
}

static struct {
    void (*callback)(void *);
    void *argument;
} timer;

void board_timer_isr_after_us(uint32_t microseconds, void (*callback)(void *), void *argument)
{
    uintptr_t previous = board_mask_interrupts();
    TIMER_CTRL(TIMER1) = 0;
    TIMER_CLEAR(TIMER1) = 1;
    timer.callback = callback;
    timer.argument = argument;
    TIMER_RELOAD(TIMER1) = 0; /* do not start again */
    TIMER_VALUE(TIMER1) = microseconds * TIMER_MHZ;
    TIMER_CTRL(TIMER1) = TIMER_ENABLE | TIMER_INTERRUPT;
    board_restore_interrupts(previous);
}

static void timer_interrupt(void)
{
    TIMER_CTRL(TIMER1) = 0;
    TIMER_CLEAR(TIMER1) = 1;
    timer.callback(timer.argument);
}

static void fault(const uint32_t *frame)
{
    board_printf("fault: pc=0x%08lx lr=0x%08lx cfsr=0x%08lx bfar=0x%08lx\n", (unsigned long)frame[6],
                 (unsigned long)frame[5], (unsigned long)SCB_CFSR, (unsigned long)SCB_BFAR);
    board_exit(1);
}

/* Hands the stack that the core pushed its registers to over to fault(). */
__attribute__((naked, used)) static void fault_entry(void)
{
    __asm volatile("tst lr, #4\n"
                   "ite eq\n"
                   "mrseq r0, msp\n"
                   "mrsne r0, psp\n"
                   "b %0" ::"i"(fault));
}

#define EXCEPTIONS 16
__attribute__((section(".vectors"), used)) static void (*const vectors[EXCEPTIONS + 32])(void) = {
    [0] = (void (*)(void))board_stack_top,
    [1] = board_reset,
    [2 ... 10] = fault_entry,
    [11] = vPortSVCHandler,
    [12 ... 13] = fault_entry,
    [14] = xPortPendSVHandler,
    [15] = xPortSysTickHandler,
    [EXCEPTIONS ... EXCEPTIONS + TIMER1_IRQ - 1] = fault_entry,
    [EXCEPTIONS + TIMER1_IRQ] = timer_interrupt,
    [EXCEPTIONS + TIMER1_IRQ + 1 ... EXCEPTIONS + 31] = fault_entry,
};
