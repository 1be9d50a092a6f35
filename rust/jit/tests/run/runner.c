/* Runs compiled code and compares what it gives with what it should. The cases follow each other, as words;
 * tests/run/cases.rs writes them. */
#include "board.h"

#ifdef __arm__
/* The lowest bit of an address says that it is Thumb code. */
#define CALL_BIAS 1
#else
#define CALL_BIAS 0
#endif

#include <stdbool.h>

struct stack_vm {
	uint32_t *base, *end, *control;
	intptr_t least_room;
	uint32_t native_depth, max_native_depth;
	void *record_frame;
};

struct table_vm {
	uint32_t *elements, len;
};

struct vm_ctx {
	uint8_t *memory_base;
	size_t memory_len;
	uint32_t *globals;
	struct record *funcs;
	uint64_t fuel;
	uint32_t interrupt, number, import_funcs;
	const uint32_t *imports;
	uint32_t **imported_globals;
	struct table_vm **tables;
	struct vm_ctx **instances;
	struct stack_vm *stack;
	const void *builtins;
	void *signature_matches;
	uint32_t *stack_limit;
	void (*unwind)(struct vm_ctx *ctx, const uintptr_t *frame, const void *code);
	struct vm_ctx *before;
	const void *compiled;
	const struct record *const *hosts;
};

typedef uint32_t (*entry_t)(struct vm_ctx *callee, const struct record *record, uint32_t *cells,
			    struct vm_ctx *caller);
typedef uint32_t (*builtin_t)(struct vm_ctx *ctx, uint32_t *cells, uint32_t first, uint32_t second);

struct record {
	entry_t entry;
	uintptr_t code;
	uint32_t frame_cells, type;
};

/* The emulator puts them into the board's second RAM, the host there as well: the number of words, that of the routines', these, the
 * modules. */
#ifndef CASES_AT
#define CASES_AT 0x21000000
#endif
#define CASES ((const uint32_t *)CASES_AT)

#define PAGE 65536u
static uint32_t cells[16384];
static uint32_t globals[256];
static uint32_t elements[256];
static struct record records[512];
static uint8_t memory[8 * PAGE + 8];

#ifdef __arm__
/* gcc calls it to clear structures. */
__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *memset(void *at, int value, size_t length)
{
	for (uint8_t *byte = at; length > 0; length--) {
		*byte++ = (uint8_t)value;
	}
	return at;
}
#endif

static void number(uint32_t number)
{
	board_number(' ', number, 16);
}

static uint32_t host_add(struct vm_ctx *callee, const struct record *record, uint32_t *cells, struct vm_ctx *caller)
{
	(void)callee, (void)record, (void)caller;
	cells[0] += cells[1];
	return 0;
}

static struct record host_records[] = {{host_add, 0, 0, 0}};

static uint32_t memory_size(struct vm_ctx *ctx, uint32_t *cells, uint32_t first, uint32_t second)
{
	(void)first, (void)second;
	cells[0] = ctx->memory_len / PAGE;
	return 0;
}

/* At most to four pages, as the modules say. */
static uint32_t memory_grow(struct vm_ctx *ctx, uint32_t *cells, uint32_t first, uint32_t second)
{
	uint32_t old = ctx->memory_len / PAGE;

	(void)first, (void)second;
	if (cells[0] > 4 - old) {
		cells[0] = UINT32_MAX;
		return 0;
	}
	for (uint32_t i = ctx->memory_len; i < (old + cells[0]) * PAGE; i++) {
		ctx->memory_base[i] = 0;
	}
	ctx->memory_len = (old + cells[0]) * PAGE;
	cells[0] = old;
	return 0;
}

/* Where the last trap happened. */
static uintptr_t trapped;

static void unwind(struct vm_ctx *ctx, const uintptr_t *frame, const void *code)
{
	(void)ctx, (void)frame;
	trapped = (uintptr_t)code;
}

#ifdef NUMERIC
/* wasmote_core::numeric::apply. */
uint32_t numeric(uint32_t number, uint32_t *cells);

static uint32_t numeric_operator(struct vm_ctx *ctx, uint32_t *cells, uint32_t first, uint32_t second)
{
	(void)ctx, (void)second;
	return numeric(first, cells);
}
#endif

static const builtin_t builtins[] = {
	memory_size, memory_grow,
#ifdef NUMERIC
	[NUMERIC] = numeric_operator,
#endif
};

/* The type that the module gives to the host's function. */
static uint32_t host_type;

static bool signature_matches(struct vm_ctx *ctx, uint32_t type, uint32_t reference)
{
	(void)ctx;
	return reference == (1u << 20 | 0) && type == host_type;
}

/* Under `-icount shift=0`: what the calls of the last module took. */
static uint32_t instructions;

/* What a debugger or a profiler recognizes. */
__attribute__((noinline)) static uint32_t carry_out(const struct record *record, struct vm_ctx *ctx)
{
	return record->entry(ctx, record, cells, ctx);
}

static const uint32_t *run(const uint32_t *at)
{
	static struct stack_vm stack;
	static struct vm_ctx host, ctx;
	static struct vm_ctx *instances[] = {&host, &ctx};
	static struct table_vm table, *tables[] = {&table};
	static const uint32_t imports[] = {1u << 20 | 0};
	static const struct record *const hosts[] = {host_records};
	uint32_t memory_len = *at++, functions, count;
	uintptr_t code, entry;

	stack = (struct stack_vm){.base = cells, .end = &cells[sizeof(cells) / 4]};
	stack.control = stack.end;
	stack.max_native_depth = 8;
	host = (struct vm_ctx){.funcs = host_records};
	ctx = (struct vm_ctx){.memory_base = memory, .memory_len = memory_len, .globals = globals};
	ctx.funcs = records, ctx.fuel = UINT64_MAX, ctx.number = 1, ctx.import_funcs = *at++, ctx.imports = imports;
	ctx.unwind = unwind, ctx.tables = tables, ctx.instances = instances, ctx.stack = &stack, ctx.builtins = builtins;
	ctx.signature_matches = (void *)signature_matches, host_type = *at++, ctx.hosts = hosts;
	for (uint32_t i = 0; i < memory_len + 8; i++) {
		memory[i] = i < memory_len ? 0 : 0xA5;
	}
	for (uint32_t segments = *at++; segments > 0; segments--) {
		uint32_t to = *at++, length = *at++;

		for (uint32_t i = 0; i < length; i++) {
			memory[to + i] = ((const uint8_t *)at)[i];
		}
		at += (length + 3) / 4;
	}
	count = *at++;
	for (uint32_t i = 0; i < count; i++) {
		globals[i] = *at++;
	}
	table = (struct table_vm){elements, *at++};
	for (uint32_t i = 0; i < table.len; i++) {
		elements[i] = *at++;
	}
	functions = *at++;
	for (uint32_t i = 0; i < functions; i++) {
		records[i].code = *at++, records[i].type = *at++;
	}
	count = *at++;
	code = (uintptr_t)at + CALL_BIAS;
	/* With the routines, or with the veneers if these are in the module's code. */
	entry = CASES[1] != 0 ? (uintptr_t)(CASES + 2) + CALL_BIAS : code;
	for (uint32_t i = 0; i < functions; i++) {
		records[i].entry = (entry_t)entry;
		records[i].code += code;
	}
	at += count;
	count = *at++;
	instructions = 0;
	for (uint32_t call = 0; call < count; call++) {
		uint32_t function = *at++, args, trap, results, found;
		uint64_t fuel = at[0] | (uint64_t)at[1] << 32, left = at[2] | (uint64_t)at[3] << 32;
		uint64_t start;
		bool good;

		at += 4, args = *at++;
		ctx.interrupt = 0;
		ctx.fuel = fuel;
		for (uint32_t i = 0; i < args; i++) {
			cells[i] = *at++;
		}
		trap = *at++, results = *at++;
		start = board_instructions();
		found = carry_out(&records[function], &ctx);
		instructions += (uint32_t)(board_instructions() - start);
		good = found == trap && stack.native_depth == 0 && (ctx.fuel >> 32 == UINT32_MAX ? UINT64_MAX : ctx.fuel) == left;
		for (uint32_t i = 0; i < results && trap == 0; i++) {
			good = good && (cells[i] & at[2 * i + 1]) == at[2 * i];
		}
		if (!good) {
			board_text("wrong: function call; trap fuel results, each as it should be and as it is:");
			number(function), number(call), number(trap), number(found), number((uint32_t)left), number((uint32_t)ctx.fuel);
			for (uint32_t i = 0; i < results; i++) {
				number(at[2 * i]), number(cells[i]);
			}
			board_text("\n");
			board_exit(1);
		}
		if (trap != 0) {
			board_text("trap");
			number((uint32_t)(trapped - code));
			board_text("\n");
		}
		at += 2 * results;
	}
	return at;
}

int main(void)
{
	const uint32_t *at, *end;
	uint32_t modules = 0;

	board_init();
	at = CASES + 2 + CASES[1], end = CASES + CASES[0];
	while (at < end) {
		board_text("module");
		number(modules++);
		board_text("\n");
		at = run(at);
		board_text("instructions");
		number(instructions);
		board_text("\n");
	}
	board_text("all right\n");
	return 0;
}
