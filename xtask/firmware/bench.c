/* Runs every program natively and in wasmote and prints what it took. A line a program, numbers separated by spaces:
 *   program <name> <native instructions> <wasmote instructions> <native result> <wasmote result>
 *           <load instructions> <heap of the module> <heap of the instance, without memory and value stack>
 *           <bytes of compiled code> <the most heap in use while loading>
 *           <the most stack in use while loading and instantiating> <while running> <while a
 *           trap is reported>
 * xtask compares the results with what they must be. */
#include <wasmote/wasmote.h>

#include "bench.h"
#include "mps2.h"

#define STACK_BYTES (64 * 1024)

int32_t guest_host_tick(int32_t value)
{
	return value + 1;
}

static wasmote_status_t tick(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
	(void)caller, (void)user_data;
	cells[0] = (uint32_t)guest_host_tick((int32_t)cells[0]);
	return WASMOTE_OK;
}

/* Ends the run if something failed, and says what. */
static void must(wasmote_status_t status, const struct program *program, const char *what,
		 const wasmote_error_t *error)
{
	if (status == WASMOTE_OK) {
		return;
	}
	board_text(program->name);
	board_text(": ");
	board_text(what);
	board_text(": ");
	board_text(wasmote_status_str(status));
	board_text(": ");
	board_text(error ? error->message : "");
	board_text("\n");
	board_exit(1);
}

/* The instance that an interrupt service routine ends. */
static wasmote_instance_t *running;

static void interrupt(void)
{
	wasmote_instance_interrupt(running);
}

static void run(const struct program *program)
{
	const wasmote_runtime_config_t config = {0};
	static const wasmote_host_func_t functions[] = {{"env", "tick", "(i)i", tick, NULL}};
	const wasmote_imports_t imports = {.functions = functions, .function_count = 1};
	wasmote_quotas_t quotas = wasmote_quotas_default();
	wasmote_value_t argument = {.type = WASMOTE_I32, .of.i32 = program->n}, result = argument, result_of_trap;
	wasmote_runtime_t *runtime;
	wasmote_module_t *module;
	wasmote_instance_t *instance;
	wasmote_error_t error = {0};
	wasmote_stats_t stats;
	wasmote_func_t func;
	int64_t native = 0, start, load, taken, module_heap, code_bytes, load_heap;
	size_t load_stack, stack, trap_stack;
	int32_t native_result = 0;

	quotas.heap_bytes = 8 * 1024 * 1024;
	quotas.memory_bytes = 4 * 1024 * 1024;
	quotas.stack_bytes = STACK_BYTES;
	if (program->native) {
		start = (int64_t)board_instructions();
		native_result = program->native(program->n);
		native = (int64_t)board_instructions() - start;
	}

	/* One of its own: what it tells of the heap is then about this module. */
	must(wasmote_runtime_new(&config, &runtime), program, "start", NULL);
	wasmote_runtime_stats(runtime, &stats);
	load_heap = -(int64_t)stats.heap_used;
	board_stack_forget();
	start = (int64_t)board_instructions();
	must(wasmote_module_load(runtime, program->wasm, (size_t)(program->wasm_end - program->wasm), &module, &error),
	     program, "load", &error);
	load = (int64_t)board_instructions() - start;
	wasmote_runtime_stats(runtime, &stats);
	load_heap += (int64_t)stats.heap_peak;
	wasmote_module_stats(module, &stats);
	module_heap = (int64_t)stats.heap_used;
	code_bytes = (int64_t)stats.code_bytes;

	must(wasmote_instance_new(module, &imports, &quotas, &instance, &error), program, "instantiate", &error);
	load_stack = board_stack_used();
	must(wasmote_instance_func(instance, program->export_name, &func), program, "look up", NULL);
	board_stack_forget();
	start = (int64_t)board_instructions();
	must(wasmote_func_call(instance, func, &argument, 1, &result, 1, &error), program, "call", &error);
	taken = (int64_t)board_instructions() - start;
	stack = board_stack_used();
	wasmote_instance_stats(instance, &stats);
	running = instance;
	board_stack_forget();
	board_interrupt_after(3000, interrupt);
	if (wasmote_func_call(instance, func, &argument, 1, &result_of_trap, 1, &error) != WASMOTE_TRAP_INTERRUPTED) {
		must(WASMOTE_ERR_INVALID_ARGUMENT, program, "interrupt", NULL);
	}
	trap_stack = board_stack_used();

	board_text("program ");
	board_text(program->name);
	board_number(' ', native, 10);
	board_number(' ', taken, 10);
	board_number(' ', native_result, 10);
	board_number(' ', result.of.i32, 10);
	board_number(' ', load, 10);
	board_number(' ', module_heap, 10);
	board_number(' ', (int64_t)(stats.heap_used - stats.memory_bytes) - STACK_BYTES, 10);
	board_number(' ', code_bytes, 10);
	board_number(' ', load_heap, 10);
	board_number(' ', (int64_t)load_stack, 10);
	board_number(' ', (int64_t)stack, 10);
	board_number(' ', (int64_t)trap_stack, 10);
	board_text("\n");
	must(wasmote_instance_delete(instance), program, "delete", NULL);
	must(wasmote_module_delete(module), program, "delete", NULL);
	must(wasmote_runtime_delete(runtime), program, "delete", NULL);
}

int main(void)
{
	board_init();
	for (size_t i = 0; i < program_count; i++) {
		run(&programs[i]);
	}
	return 0;
}
