/* The modules to try; the table is made by xtask. */
#ifndef HOSTILE_H
#define HOSTILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hostile {
	const char *name;
	const uint8_t *wasm;
	const uint8_t *wasm_end;
	/* What it may import from, or NULL. */
	const uint8_t *lib;
	const uint8_t *lib_end;
	/* Its start function never ends. */
	bool starts_forever;
	/* How often it is interrupted, and after how many instructions first. */
	uint32_t interrupts, first;
	uint32_t heap_bytes, memory_bytes, table_elements, stack_bytes, code_bytes;
};

extern const struct hostile hostiles[];
extern const size_t hostile_count;

#endif
