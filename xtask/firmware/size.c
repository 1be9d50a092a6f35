/* What a small firmware does with wasmote: load a module, give it a host function, call it, look into its memory,
 * bound it by fuel and quotas, print where it trapped. WITH_ENGINE: what any runtime can do, load it, give it a host
 * function, call it. With neither it is the same firmware that does nothing of this: the difference is what the
 * runtime takes. */
#include "board.h"

#if defined(WITH_WASMOTE) || defined(WITH_ENGINE)
/* (module (import "env" "tick" (func $tick (param i32) (result i32))) (memory (export "memory") 1 1)
 *   (func (export "run") (param i32) (result i32) (call $tick (local.get 0)))) */
static const uint8_t module_bytes[] = {
	0x00, 'a', 's', 'm', 1, 0, 0, 0,
	0x01, 6, 1, 0x60, 1, 0x7F, 1, 0x7F,
	0x02, 12, 1, 3, 'e', 'n', 'v', 4, 't', 'i', 'c', 'k', 0, 0,
	0x03, 2, 1, 0,
	0x05, 4, 1, 1, 1, 1,
	0x07, 16, 2, 6, 'm', 'e', 'm', 'o', 'r', 'y', 2, 0, 3, 'r', 'u', 'n', 0, 1,
	0x0A, 8, 1, 6, 0, 0x20, 0, 0x10, 0, 0x0B,
};
#endif

#ifdef WITH_ENGINE
#include "engine.h"

static int use_engine(void)
{
	int32_t result = 0;

	if (!engine_start() || !engine_load(module_bytes, sizeof(module_bytes)) || !engine_instantiate("run") ||
	    !engine_call(41, &result)) {
		return 1;
	}
	engine_end();
	return result == 42 ? 0 : 1;
}
#endif

#ifdef WITH_WASMOTE
#include <wasmote/wasmote.h>

static wasmote_status_t tick(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
	uint8_t *byte = wasmote_caller_memory(caller, cells[0], 1);

	(void)user_data;
	if (byte == NULL) {
		return WASMOTE_TRAP_HOST;
	}
	cells[0] = ++*byte;
	return WASMOTE_OK;
}

static int use_wasmote(void)
{
	static const wasmote_host_func_t functions[] = {{"env", "tick", "(i)i", tick, NULL}};
	const wasmote_imports_t imports = {.functions = functions, .function_count = 1};
	const wasmote_runtime_config_t config = {0};
	wasmote_quotas_t quotas = wasmote_quotas_default();
	wasmote_value_t argument = {.type = WASMOTE_I32}, result;
	wasmote_runtime_t *runtime = NULL;
	wasmote_module_t *module = NULL;
	wasmote_instance_t *instance = NULL;
	wasmote_error_t error = {0};
	wasmote_func_t run;
	wasmote_status_t status;
	uint8_t byte = 41;

	status = wasmote_runtime_new(&config, &runtime);
	if (status == WASMOTE_OK) {
		status = wasmote_module_load(runtime, module_bytes, sizeof(module_bytes), &module, &error);
	}
	if (status == WASMOTE_OK) {
		status = wasmote_instance_new(module, &imports, &quotas, &instance, &error);
	}
	if (status == WASMOTE_OK) {
		status = wasmote_instance_func(instance, "run", &run);
	}
	if (status == WASMOTE_OK) {
		status = wasmote_memory_write(instance, 0, &byte, 1);
	}
	if (status == WASMOTE_OK) {
		wasmote_instance_clear_interrupt(instance);
		status = wasmote_func_call(instance, run, &argument, 1, &result, 1, &error);
	}
	if (status == WASMOTE_OK) {
		status = wasmote_memory_read(instance, 0, &byte, 1);
	}
	if (status != WASMOTE_OK) {
		wasmote_frame_t frames[4];
		size_t count = wasmote_instance_backtrace(instance, frames, 4);

		for (size_t i = 0; i < count; i++) {
			board_write(frames[i].name, frames[i].name_length);
		}
		board_write(error.message, sizeof(error.message));
		return 1;
	}
	wasmote_instance_interrupt(instance);
	wasmote_instance_delete(instance);
	wasmote_module_delete(module);
	wasmote_runtime_delete(runtime);
	return byte == 42 && result.of.i32 == 42 ? 0 : 1;
}
#endif

int main(void)
{
	board_init();
	board_write("size\n", 5);
#ifdef WITH_WASMOTE
	return use_wasmote();
#elif defined(WITH_ENGINE)
	return use_engine();
#else
	return 0;
#endif
}
