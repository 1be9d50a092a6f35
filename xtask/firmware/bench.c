/* Runs every program natively and in an engine and prints what it took. A line a program, numbers separated by spaces:
 *   program <name> <native instructions> <the engine's> <native result> <the engine's>
 *           <load instructions> <heap of the module> <heap of the instance, without memory and value stack>
 *           <bytes of compiled code> <the most heap in use while loading>
 *           <the most stack in use while loading and instantiating> <while running> <while a trap is reported, or 0>
 *           <instructions of a call with the argument 0, or 0 if it failed>
 * or, if the engine does not do it:
 *   refused <name> <native instructions> <step>: <why>
 * xtask compares the results with what they must be. */
#include "bench.h"
#include "board.h"
#include "engine.h"
#include "guests.h"

/* What host_call imports natively. */
int32_t guest_host_tick(int32_t value)
{
	return value + 1;
}

static void name(const char *kind, const struct program *program, int64_t native)
{
	board_text(kind);
	board_text(program->name);
	board_number(' ', native, 10);
}

/* What the engine takes; or the step that failed. */
static const char *measure(const struct program *program, int64_t native, int32_t native_result)
{
	int64_t start, load, taken, nothing, before, loaded, instantiated, peak, code;
	size_t load_stack, run_stack, trap_stack = 0;
	int32_t result, none;

	if (!engine_start()) {
		return "start";
	}
	before = (int64_t)engine_heap();
	board_stack_forget();
	start = (int64_t)board_instructions();
	if (!engine_load(program->wasm, (size_t)(program->wasm_end - program->wasm))) {
		return "load";
	}
	load = (int64_t)board_instructions() - start;
	loaded = (int64_t)engine_heap();
	peak = (int64_t)engine_heap_peak();
	/* Now: an engine may compile more when functions are called. */
	code = (int64_t)engine_code_bytes();
	if (!engine_instantiate(program->export_name)) {
		return "instantiate";
	}
	instantiated = (int64_t)engine_heap();
	load_stack = board_stack_used();
	board_stack_forget();
	start = (int64_t)board_instructions();
	if (!engine_call(program->n, &result)) {
		return "call";
	}
	taken = (int64_t)board_instructions() - start;
	run_stack = board_stack_used();
	start = (int64_t)board_instructions();
	nothing = engine_call(0, &none) ? (int64_t)board_instructions() - start : 0;
	if (engine_interrupt) {
		board_stack_forget();
		board_interrupt_after(2000, engine_interrupt);
		if (engine_call(program->n, &none)) {
			return "interrupt";
		}
		trap_stack = board_stack_used();
	}

	name("program ", program, native);
	board_number(' ', taken, 10);
	board_number(' ', native_result, 10);
	board_number(' ', result, 10);
	board_number(' ', load, 10);
	board_number(' ', loaded - before, 10);
	board_number(' ', instantiated - loaded, 10);
	board_number(' ', code, 10);
	board_number(' ', peak - before, 10);
	board_number(' ', (int64_t)load_stack, 10);
	board_number(' ', (int64_t)run_stack, 10);
	board_number(' ', (int64_t)trap_stack, 10);
	board_number(' ', nothing, 10);
	board_text("\n");
	return NULL;
}

static void run(const struct program *program)
{
	int64_t native = 0, start;
	int32_t native_result = 0;
	const char *failed;

	if (program->native) {
		start = (int64_t)board_instructions();
		native_result = program->native(program->n);
		native = (int64_t)board_instructions() - start;
	}
	failed = measure(program, native, native_result);
	if (failed) {
		name("refused ", program, native);
		board_text(" ");
		board_text(failed);
		board_text(": ");
		board_text(engine_why());
		board_text("\n");
	}
	engine_end();
}

int main(void)
{
	board_init();
	for (size_t i = 0; i < program_count; i++) {
		run(&programs[i]);
	}
	return 0;
}
