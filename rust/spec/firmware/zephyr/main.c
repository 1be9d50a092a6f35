/* The player on Zephyr, on an emulated board. The scripts are a file of the host's. */
#include <zephyr/arch/common/semihost.h>
#include <zephyr/kernel.h>

#include "player.h"

static long suite;

size_t player_read(void *to, size_t size)
{
    const long count = size == 0 ? 0 : semihost_read(suite, to, (long)size);
    return count < 0 ? 0 : (size_t)count;
}

void player_print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintk(format, arguments);
    va_end(arguments);
}

int main(void)
{
    suite = semihost_open(WASMOTE_SPEC_SUITE, SEMIHOST_OPEN_RB);
    if (suite < 0) {
        printk("%s: cannot be opened\n", WASMOTE_SPEC_SUITE);
    }
    /* What Twister looks for. */
    printk("PROJECT EXECUTION %s\n", suite >= 0 && player_run() ? "SUCCESSFUL" : "FAILED");
    return 0;
}
