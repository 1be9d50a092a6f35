/* The programs to measure; the table is made by xtask from rust/guests/expected.toml. */
#ifndef BENCH_H
#define BENCH_H
#include <stddef.h>
#include <stdint.h>

struct program {
	const char *name;
	const char *export_name;
	const uint8_t *wasm;
	const uint8_t *wasm_end;
	int32_t (*native)(int32_t n); /* or NULL */
	int32_t n;
};

extern const struct program programs[];
extern const size_t program_count;

#endif
