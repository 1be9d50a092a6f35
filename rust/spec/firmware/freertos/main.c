/* The player on FreeRTOS, on an emulated board. The scripts are a file of the host's. */
#include "FreeRTOS.h"
#include "task.h"

#include "board.h"
#include "player.h"

#define STACK_WORDS (32 * 1024 / sizeof(StackType_t))

static int suite;

size_t player_read(void *to, size_t size)
{
    return board_host_read(suite, to, size);
}

void player_print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    board_vprintf(format, arguments);
    va_end(arguments);
}

/* Thousands of modules are refused, each with a warning; an error is a panic. */
void wasmote_freertos_log_line(uint32_t level, const char *text, size_t length)
{
    if (level == 1) {
        board_printf("wasmote: %.*s\n", (int)length, text);
    }
}

static void play(void *unused)
{
    (void)unused;
    suite = board_host_open(WASMOTE_SPEC_SUITE);
    if (suite < 0) {
        board_printf("%s: cannot be opened\n", WASMOTE_SPEC_SUITE);
        board_exit(1);
    }
    board_exit(player_run() ? 0 : 1);
}

int main(void)
{
    configASSERT(xTaskCreate(play, "player", STACK_WORDS, NULL, 1, NULL) == pdPASS);
    vTaskStartScheduler();
    return 1;
}
