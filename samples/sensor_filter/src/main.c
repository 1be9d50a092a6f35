/* samples/sensor_filter on Zephyr. */
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "app.h"

#define GUEST_PRIORITY 7 /* main has CONFIG_MAIN_THREAD_PRIORITY, 0 */

void app_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintk(format, arguments);
    va_end(arguments);
}

int main(void)
{
    app_run(GUEST_PRIORITY);
    return 0;
}
