/* samples/sensor_filter on FreeRTOS: the task that runs it, and the console. */
#include "FreeRTOS.h"
#include "task.h"

#include "app.h"
#include "board.h"
#include "wasmote/freertos.h"

#define GUEST_PRIORITY 1
#define APP_PRIORITY   2
#define STACK_WORDS    2048

void app_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    board_vprintf(format, arguments);
    va_end(arguments);
}

/* wasmote's log goes to the console, too. */
void wasmote_freertos_log_line(uint32_t level, const char *text, size_t length)
{
    board_printf("wasmote %lu: %.*s\n", (unsigned long)level, (int)length, text);
}

static void run_app(void *unused)
{
    (void)unused;
    board_exit(app_run(GUEST_PRIORITY));
}

int main(void)
{
#if configSUPPORT_STATIC_ALLOCATION
    static StaticTask_t task;
    static StackType_t stack[STACK_WORDS];
    xTaskCreateStatic(run_app, "app", STACK_WORDS, NULL, APP_PRIORITY, stack, &task);
#else
    xTaskCreate(run_app, "app", STACK_WORDS, NULL, APP_PRIORITY, NULL);
#endif
    vTaskStartScheduler();
    return 1;
}
