/* wasmote's platform without an RTOS, and with one thread. Memory is bump.c's or recycled.c's. */
#include <string.h>

#include <wasmote/platform.h>

#include "board.h"

/* Linked only where native code is made. */
#ifndef CODE_BYTES
#define CODE_BYTES (32 * 1024)
#endif

__attribute__((section(".code"), aligned(32))) static uint8_t code_memory[CODE_BYTES];
static bool code_claimed;

void *wasmote_platform_code_claim(size_t *size)
{
	if (code_claimed) {
		return NULL;
	}
	code_claimed = true;
	*size = CODE_BYTES;
	return code_memory;
}

void wasmote_platform_code_release(void *region)
{
	(void)region;
	code_claimed = false;
}

void wasmote_platform_code_write(void *to, const void *code, size_t size)
{
	memcpy(to, code, size);
#ifdef __arm__
	__asm volatile("dsb\n isb" ::: "memory");
#else
	__asm volatile("fence.i" ::: "memory");
#endif
}

bool wasmote_platform_mutex_init(wasmote_platform_mutex_t *mutex)
{
	(void)mutex;
	return true;
}

void wasmote_platform_mutex_lock(wasmote_platform_mutex_t *mutex)
{
	(void)mutex;
}

void wasmote_platform_mutex_unlock(wasmote_platform_mutex_t *mutex)
{
	(void)mutex;
}

void wasmote_platform_mutex_deinit(wasmote_platform_mutex_t *mutex)
{
	(void)mutex;
}

void *wasmote_platform_thread_start(const char *name, void (*entry)(void *), void *argument, size_t stack_bytes,
				    int32_t priority)
{
	(void)name, (void)entry, (void)argument, (void)stack_bytes, (void)priority;
	return NULL;
}

bool wasmote_platform_thread_join(void *thread, uint32_t timeout_ms)
{
	(void)thread, (void)timeout_ms;
	return false;
}

void wasmote_platform_sleep_ms(uint32_t milliseconds)
{
	(void)milliseconds;
}

uint64_t wasmote_platform_uptime_us(void)
{
	return board_instructions() / 1000;
}

void wasmote_platform_log(uint32_t level, const char *message, size_t length)
{
	(void)level;
	board_write(message, length);
	board_write("\n", 1);
}

void wasmote_platform_panic(const char *file, size_t file_length, uint32_t line)
{
	(void)line;
	board_write(file, file_length);
	board_exit(2);
}
