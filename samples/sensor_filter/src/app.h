/* The sample's part that is the same on every RTOS, and what it needs from the RTOS. */
#ifndef APP_H
#define APP_H
#include <stdint.h>

/* Runs the whole demonstration. Guests run in threads of `guest_priority`, in the RTOS's numbers, which is less urgent
 * than the caller's, so that a guest that computes for ever does not keep the caller from running.
 * Returns 0 if everything was as it must be. */
int app_run(int32_t guest_priority);

/* printf to the console, a line or less. main's. */
__attribute__((format(printf, 1, 2))) void app_printf(const char *format, ...);

#endif
