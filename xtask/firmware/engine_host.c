/* An engine as a program of this machine: calls an export of a module with a number and prints what it gives.
 *   engine_host <module> <export> <number>
 * Exit code 3, and why, if the engine does not do it. */
#include <stdio.h>
#include <stdlib.h>

#include "board.h"
#include "engine.h"

static uint8_t module_bytes[1024 * 1024];

void board_write(const char *text, size_t length)
{
	fwrite(text, 1, length, stderr);
}

void board_exit(int code)
{
	exit(code);
}

/* Rust's core is compiled for unwinding here and names this in its tables, but a panic ends the program. */
void rust_eh_personality(void)
{
}

static int refused(const char *step)
{
	fprintf(stderr, "%s: %s\n", step, engine_why());
	return 3;
}

int main(int count, char **arguments)
{
	FILE *file = count == 4 ? fopen(arguments[1], "rb") : NULL;
	size_t length = file ? fread(module_bytes, 1, sizeof(module_bytes), file) : 0;
	int32_t result;

	if (length == 0) {
		return 2;
	}
	if (!engine_start()) {
		return refused("start");
	}
	if (!engine_load(module_bytes, length)) {
		return refused("load");
	}
	if (!engine_instantiate(arguments[2])) {
		return refused("instantiate");
	}
	if (!engine_call(atoi(arguments[3]), &result)) {
		return refused("call");
	}
	printf("%d\n", (int)result);
	return 0;
}
