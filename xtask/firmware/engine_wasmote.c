#include <wasmote/wasmote.h>

#include "engine.h"

#define STACK_BYTES (64 * 1024)

static wasmote_runtime_t *runtime;
static wasmote_module_t *module;
static wasmote_instance_t *instance;
static wasmote_func_t func;
static wasmote_status_t status;
static wasmote_error_t error;
static size_t heap_at_start;

static wasmote_status_t tick(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
	(void)caller, (void)user_data;
	cells[0]++;
	return WASMOTE_OK;
}

/* One for each module: what it tells of the heap is then about that module. */
bool engine_start(void)
{
	const wasmote_runtime_config_t config = {0};
	wasmote_stats_t stats = {0};

	status = wasmote_runtime_new(&config, &runtime);
	wasmote_runtime_stats(runtime, &stats);
	heap_at_start = stats.heap_used;
	return status == WASMOTE_OK;
}

bool engine_load(const uint8_t *wasm, size_t length)
{
	status = wasmote_module_load(runtime, wasm, length, &module, &error);
	return status == WASMOTE_OK;
}

bool engine_instantiate(const char *export_name)
{
	static const wasmote_host_func_t functions[] = {{"env", "tick", "(i)i", tick, NULL}};
	const wasmote_imports_t imports = {.functions = functions, .function_count = 1};
	wasmote_quotas_t quotas = wasmote_quotas_default();

	quotas.heap_bytes = 8 * 1024 * 1024;
	quotas.memory_bytes = 4 * 1024 * 1024;
	quotas.stack_bytes = STACK_BYTES;
	status = wasmote_instance_new(module, &imports, &quotas, &instance, &error);
	if (status == WASMOTE_OK) {
		status = wasmote_instance_func(instance, export_name, &func);
	}
	return status == WASMOTE_OK;
}

bool engine_call(int32_t argument, int32_t *result)
{
	wasmote_value_t value = {.type = WASMOTE_I32, .of.i32 = argument}, given;

	status = wasmote_func_call(instance, func, &value, 1, &given, 1, &error);
	*result = given.of.i32;
	return status == WASMOTE_OK;
}

void engine_interrupt(void)
{
	wasmote_instance_interrupt(instance);
}

void engine_end(void)
{
	wasmote_instance_delete(instance);
	wasmote_module_delete(module);
	wasmote_runtime_delete(runtime);
	instance = NULL;
	module = NULL;
	runtime = NULL;
}

const char *engine_why(void)
{
	return error.message[0] ? error.message : wasmote_status_str(status);
}

size_t engine_heap(void)
{
	wasmote_stats_t stats;
	size_t bytes = 0;

	if (module) {
		wasmote_module_stats(module, &stats);
		bytes += stats.heap_used;
	}
	if (instance) {
		wasmote_instance_stats(instance, &stats);
		bytes += stats.heap_used - stats.memory_bytes - STACK_BYTES;
	}
	return bytes;
}

size_t engine_heap_peak(void)
{
	wasmote_stats_t stats;

	wasmote_runtime_stats(runtime, &stats);
	return stats.heap_peak - heap_at_start;
}

size_t engine_code_bytes(void)
{
	wasmote_stats_t stats;

	wasmote_module_stats(module, &stats);
	return stats.code_bytes;
}
