/* What the boards share: start of C, console, FreeRTOS hooks. */
#include <stdbool.h>

#include "FreeRTOS.h"
#include "task.h"

#include "internal.h"

extern uint32_t board_data_load[], board_data_start[], board_data_end[], board_bss_start[], board_bss_end[];
int main(void);

void board_run(void)
{
    const uint32_t *from = board_data_load;
    for (uint32_t *to = board_data_start; to < board_data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = board_bss_start; to < board_bss_end;) {
        *to++ = 0;
    }
    board_machine_init();
    board_exit(main());
}

/* ---- console ---- */

static void put(const char *text, size_t length)
{
    while (length-- > 0) {
        board_putc(*text++);
    }
}

void board_write(const char *text, size_t length)
{
    uintptr_t previous = board_mask_interrupts();
    put(text, length);
    board_restore_interrupts(previous);
}

static size_t length_of(const char *text, size_t limit)
{
    size_t length = 0;
    while (length < limit && text[length] != '\0') {
        length++;
    }
    return length;
}

static void put_number(uint64_t value, unsigned base, bool negative, int width, char padding)
{
    char digits[24];
    int count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    int missing = width - count - negative;
    if (negative && padding == '0') {
        board_putc('-');
    }
    while (missing-- > 0) {
        board_putc(padding);
    }
    if (negative && padding != '0') {
        board_putc('-');
    }
    while (count > 0) {
        board_putc(digits[--count]);
    }
}

void board_vprintf(const char *format, va_list arguments)
{
    uintptr_t previous = board_mask_interrupts();
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            board_putc(*format);
            continue;
        }
        format++;
        char padding = ' ';
        int width = 0, longs = 0;
        size_t precision = SIZE_MAX;
        if (*format == '0') {
            padding = *format++;
        }
        while (*format >= '0' && *format <= '9') {
            width = width * 10 + (*format++ - '0');
        }
        if (format[0] == '.' && format[1] == '*') {
            precision = (size_t)va_arg(arguments, int);
            format += 2;
        }
        for (; *format == 'l' || *format == 'z'; format++) {
            longs += *format == 'z' ? (sizeof(size_t) == sizeof(long long) ? 2 : 1) : 1;
        }
        switch (*format) {
        case 'd':
        case 'i': {
            long long value = longs >= 2 ? va_arg(arguments, long long)
                            : longs == 1 ? va_arg(arguments, long) : va_arg(arguments, int);
            put_number(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, value < 0, width, padding);
            break;
        }
        case 'u':
        case 'x': {
            uint64_t value = longs >= 2 ? va_arg(arguments, unsigned long long)
                           : longs == 1 ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned);
            put_number(value, *format == 'x' ? 16 : 10, false, width, padding);
            break;
        }
        case 'p':
            put("0x", 2);
            put_number((uintptr_t)va_arg(arguments, void *), 16, false, 2 * sizeof(void *), '0');
            break;
        case 's': {
            const char *text = va_arg(arguments, const char *);
            size_t length = length_of(text, precision);
            for (size_t missing = length; missing < (size_t)width; missing++) {
                board_putc(' ');
            }
            put(text, length);
            break;
        }
        case 'c':
            board_putc((char)va_arg(arguments, int));
            break;
        case '\0': /* a lone % at the end */
            format--;
            break;
        default:
            board_putc(*format);
        }
    }
    board_restore_interrupts(previous);
}

void board_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    board_vprintf(format, arguments);
    va_end(arguments);
}

/* ---- files of the host, by semihosting ---- */

#define SYS_OPEN 0x01u
#define SYS_READ 0x06u
#define OPEN_BINARY 1u

int board_host_open(const char *path)
{
    const uintptr_t block[3] = {(uintptr_t)path, OPEN_BINARY, length_of(path, SIZE_MAX)};
    return (int)board_semihosting(SYS_OPEN, block);
}

size_t board_host_read(int file, void *to, size_t size)
{
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)to, size};
    const uintptr_t missing = board_semihosting(SYS_READ, block);
    return missing <= size ? size - missing : 0;
}

/* ---- FreeRTOS hooks ---- */

#if configSUPPORT_DYNAMIC_ALLOCATION
uint8_t ucHeap[configTOTAL_HEAP_SIZE] __attribute__((section(".board_large"), aligned(16)));
#endif

static void (*on_assert)(const char *file, int line);

void board_on_assert(void (*stop)(const char *file, int line))
{
    on_assert = stop;
}

void board_assert_failed(const char *file, int line)
{
    if (on_assert != NULL) {
        on_assert(file, line);
    }
    board_printf("%s:%d: assertion failed\n", file, line);
    board_exit(1);
}

void vApplicationStackOverflowHook(TaskHandle_t task, char *name)
{
    (void)task;
    board_printf("stack overflow in task %s\n", name);
    board_exit(1);
}

/* Lets the emulator jump to the next timer instead of executing an idle loop. */
void vApplicationIdleHook(void)
{
    board_wait_for_interrupt();
}
