/* Runs every hostile module and prints what came of it. A line a module, fields separated by bars:
 *   module|<name>|<how loading ended>|<offset>|<its instructions>|<how making an instance ended>|<its instructions>|
 *          <how the call ended>|<its instructions, 0 if it was interrupted>|<peak of the heap>|
 *          <most instructions from an interrupt to the return>|<interrupts>
 * A module is called by its export "run", first to see whether it ends, then again and again, each time with an interrupt
 * at another moment. */
#include <wasmote/wasmote.h>

#include "hostile.h"
#include "board.h"

#define POOL_BYTES (8 * 1024 * 1024)
/* Instructions after which a call that has not ended never will. */
#define FOREVER (40 * 1000 * 1000)

__attribute__((section(".large"), aligned(16))) static uint8_t pool[POOL_BYTES];
static wasmote_instance_t *volatile instance;
static volatile uint64_t interrupted_at;

static void print_status(wasmote_status_t status)
{
	board_text("|");
	board_text(wasmote_status_str(status));
}

/* In the interrupt service routine of the timer. */
static void interrupt(void)
{
	if (instance == NULL) {
		board_interrupt_after(4000, interrupt);
		return;
	}
	interrupted_at = board_instructions();
	wasmote_instance_interrupt(instance);
}

/* Calls back what called. */
static wasmote_status_t back(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
	wasmote_instance_t *again = wasmote_caller_instance(caller);
	wasmote_func_t func;
	wasmote_status_t status = wasmote_instance_func(again, "run", &func);

	(void)cells, (void)user_data;
	return status == WASMOTE_OK ? wasmote_func_call(again, func, NULL, 0, NULL, 0, NULL) : status;
}

static wasmote_status_t nothing(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
	(void)caller, (void)cells, (void)user_data;
	return WASMOTE_OK;
}

/* Of what has nothing hostile in it. */
static void must(wasmote_status_t status)
{
	if (status != WASMOTE_OK) {
		board_text(wasmote_status_str(status));
		board_text("\n");
		board_exit(1);
	}
}

struct ended {
	wasmote_status_t made;
	wasmote_status_t called;
	uint64_t make;
	uint64_t call;
	/* From the interrupt to the return, if there was one. */
	uint64_t late;
};

/* Makes an instance and calls it, with an interrupt after so many instructions. `lib` may be NULL. */
static struct ended run(wasmote_module_t *module, wasmote_module_t *lib, const struct hostile *hostile, uint64_t after)
{
	static const wasmote_host_func_t functions[] = {
		{"env", "back", "()", back, NULL},
		{"env", "nothing", "()", nothing, NULL},
	};
	wasmote_import_instance_t linked = {"lib", NULL};
	wasmote_imports_t imports = {.functions = functions, .function_count = 2};
	wasmote_quotas_t quotas = wasmote_quotas_default();
	wasmote_instance_t *made = NULL;
	struct ended ended = {.called = WASMOTE_OK};
	wasmote_func_t func;
	uint64_t start;

	quotas.heap_bytes = 1024 * 1024;
	quotas.memory_bytes = hostile->memory_bytes;
	quotas.table_elements = hostile->table_elements;
	quotas.stack_bytes = hostile->stack_bytes;
	quotas.code_bytes = hostile->code_bytes;
	interrupted_at = 0;
	instance = NULL;
	if (lib != NULL) {
		must(wasmote_instance_new(lib, NULL, &quotas, &linked.instance, NULL));
		imports.instances = &linked;
		imports.instance_count = 1;
	}
	start = board_instructions();
	if (hostile->starts_forever) {
		board_interrupt_after(after, interrupt);
	}
	ended.made = wasmote_instance_new(module, &imports, &quotas, (wasmote_instance_t **)&instance, NULL);
	ended.make = board_instructions() - start;
	made = instance;
	if (ended.made == WASMOTE_OK && wasmote_instance_func(made, "run", &func) == WASMOTE_OK) {
		start = board_instructions();
		board_interrupt_after(after, interrupt);
		ended.called = wasmote_func_call(made, func, NULL, 0, NULL, 0, NULL);
		ended.call = board_instructions() - start;
	}
	if (interrupted_at) {
		ended.late = board_instructions() - interrupted_at;
	}
	board_interrupt_after(0, interrupt);
	instance = NULL;
	if (made != NULL) {
		wasmote_instance_delete(made);
	}
	if (lib != NULL) {
		must(wasmote_instance_delete(linked.instance));
	}
	return ended;
}

static void try(const struct hostile *hostile)
{
	const wasmote_runtime_config_t config = {.pool = pool, .pool_size = hostile->heap_bytes};
	wasmote_runtime_t *runtime;
	wasmote_module_t *module = NULL, *lib = NULL;
	wasmote_error_t error = {.offset = UINT32_MAX};
	wasmote_status_t loaded;
	wasmote_stats_t stats = {0};
	struct ended ended = {0};
	uint64_t late = 0, load, heap;
	uint32_t interrupts = 0;

	must(wasmote_runtime_new(&config, &runtime));
	if (hostile->lib != NULL) {
		must(wasmote_module_load(runtime, hostile->lib, (size_t)(hostile->lib_end - hostile->lib), &lib, NULL));
	}
	load = board_instructions();
	loaded = wasmote_module_load(runtime, hostile->wasm, (size_t)(hostile->wasm_end - hostile->wasm), &module, &error);
	load = board_instructions() - load;
	if (loaded == WASMOTE_OK) {
		ended = run(module, lib, hostile, FOREVER);
	}
	wasmote_runtime_stats(runtime, &stats);
	heap = stats.heap_peak;
	for (uint64_t i = 0; loaded == WASMOTE_OK && i < hostile->interrupts; i++) {
		/* Moments that have nothing to do with the length of any loop. */
		const struct ended next = run(module, lib, hostile, hostile->first + i * 2440 + (i * i % 61) * 40);

		if (next.late == 0) {
			/* It has ended before; further moments will not do either. */
			break;
		}
		interrupts++;
		late = next.late > late ? next.late : late;
	}
	if (module != NULL) {
		wasmote_module_delete(module);
	}
	if (lib != NULL) {
		must(wasmote_module_delete(lib));
	}
	/* Nothing is left. */
	must(wasmote_runtime_delete(runtime));
	board_text("module|");
	board_text(hostile->name);
	print_status(loaded);
	board_number('|', error.offset, 10);
	board_number('|', load, 10);
	print_status(ended.made);
	board_number('|', ended.make, 10);
	print_status(ended.called);
	board_number('|', ended.called == WASMOTE_TRAP_INTERRUPTED ? 0 : ended.call, 10);
	board_number('|', heap, 10);
	board_number('|', late, 10);
	board_number('|', interrupts, 10);
	board_text("\n");
}

int main(void)
{
	board_init();
	for (size_t i = 0; i < hostile_count; i++) {
		try(&hostiles[i]);
	}
	return 0;
}
